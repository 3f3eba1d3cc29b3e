"""Search keeps its own narrow index: thousands of wide product rows cost 40 ms to read for one common word."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('catalogue', '0009_photographs_and_particulars'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='product',
            name='product_search',
        ),
        migrations.RemoveField(
            model_name='product',
            name='search',
        ),
    ]
