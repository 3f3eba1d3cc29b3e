"""What the mail provider tells us through Anymail, one service call."""

import re
from typing import Any

from anymail.signals import AnymailTrackingEvent, tracking
from django.dispatch import receiver

from crm.outbox import services


@receiver(tracking, dispatch_uid="outbox.tracking")
def provider_said(event: AnymailTrackingEvent, **_kwargs: Any) -> None:
    ours = str((event.metadata or {}).get("message", ""))
    services.record_tracking(
        event=event.event_type,
        provider_message_id=event.message_id or "",
        message_id=int(ours) if re.fullmatch(r"[0-9]{1,18}", ours) else None,
        recipient=(event.recipient or "").lower(),
        reject_reason=event.reject_reason or "",
    )
