"""An order's page read every entry of the shop to find its own; a month and a quarter are read without the others."""

from django.contrib.postgres.indexes import BrinIndex
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # The index is built beside what is being written.
    atomic = False

    dependencies = [("points", "0002_points_multiplied")]

    operations = [
        AddIndexConcurrently(
            model_name="pointentry",
            index=models.Index(
                fields=["order_reference"],
                condition=models.Q(("order_reference", ""), _negated=True),
                name="point_entries_of_order",
            ),
        ),
        AddIndexConcurrently(
            model_name="pointentry",
            index=BrinIndex(fields=["at"], name="point_entries_of_days"),
        ),
    ]
