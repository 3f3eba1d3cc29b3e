"""The watch over abuse reads the gestures of a month without those of all years before."""

from django.contrib.postgres.indexes import BrinIndex
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations


class Migration(migrations.Migration):
    # The index is built beside what is being written.
    atomic = False

    dependencies = [("vouchers", "0004_for_one_product")]

    operations = [
        AddIndexConcurrently(
            model_name="voucherentry",
            index=BrinIndex(fields=["at"], name="voucher_entries_of_days"),
        ),
    ]
