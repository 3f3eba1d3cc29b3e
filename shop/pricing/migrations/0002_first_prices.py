from django.db import migrations

# What a product costs today, it has cost at least since now: an earlier date would claim what nobody wrote down.
FIRST_PRICES = """
INSERT INTO pricing_pricechange (product_id, price, since)
SELECT id, price, now() FROM catalogue_product WHERE price IS NOT NULL ORDER BY id
"""


class Migration(migrations.Migration):

    dependencies = [
        ('pricing', '0001_initial'),
    ]

    operations = [
        migrations.RunSQL(FIRST_PRICES, migrations.RunSQL.noop),
    ]
