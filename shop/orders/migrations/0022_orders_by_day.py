"""A day's orders, and a quarter's, were found by reading all the shop ever had, at every view of the first staff page."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # The index is built beside what is being written.
    atomic = False

    dependencies = [("orders", "0021_voucher_room")]

    operations = [
        AddIndexConcurrently(
            model_name="order",
            index=models.Index(fields=["placed_at"], name="order_placed"),
        ),
    ]
