"""The cards that paid in a quarter, and those to forget after thirteen months, are found without every other operation."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # The index is built beside what is being written.
    atomic = False

    dependencies = [("payments", "0008_whose_card_it_was")]

    operations = [
        AddIndexConcurrently(
            model_name="paymentoperation",
            index=models.Index(
                fields=["created_at"],
                condition=models.Q(("card_digest__gt", "")),
                name="cards_known_by_day",
            ),
        ),
    ]
