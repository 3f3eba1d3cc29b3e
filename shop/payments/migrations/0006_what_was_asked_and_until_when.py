"""What orders captured before had asked for, and until when the authorisations that stand now do."""

from datetime import timedelta
from typing import Any

from django.db import migrations
from django.utils import timezone

CAPTURES = """
UPDATE payments_paymentaccount AS account SET to_capture = asked.amount
  FROM (SELECT order_reference, sum(amount) AS amount FROM payments_paymentoperation
         WHERE kind = 'capture' AND state <> 'refused' GROUP BY order_reference) AS asked
 WHERE asked.order_reference = account.order_reference AND account.to_capture IS NULL
"""
ENDS = """
UPDATE payments_paymentoperation
   SET expires_at = coalesce(sent_at, created_at)
                    + CASE kind WHEN 'authorise' THEN interval '7 days' ELSE interval '4 days 18 hours' END
 WHERE kind IN ('authorise', 'authorise_saved') AND state = 'succeeded' AND expires_at IS NULL
   AND created_at > %s
"""


def fill(apps: Any, schema_editor: Any) -> None:
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(CAPTURES)
        cursor.execute(ENDS, [timezone.now() - timedelta(days=8)])


class Migration(migrations.Migration):
    dependencies = [("payments", "0005_several_payments_per_order")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
