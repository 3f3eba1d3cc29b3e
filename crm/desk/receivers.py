"""What the mail provider hands in through Anymail, one service call."""

from typing import Any

from anymail.signals import AnymailInboundEvent, inbound
from django.dispatch import receiver

from crm.desk.incoming import Incoming, IncomingFile
from crm.desk.services.inbound import receive_mail

# Enough to keep the first and to tell how many there were.
MOST_FILES_READ = 20
# Below it, what stands in the text is the drawing of a signature rather than a photograph.
LEAST_INLINE_BYTES = 10_000


@receiver(inbound, dispatch_uid="desk.inbound")
def mail_came(event: AnymailInboundEvent, **_kwargs: Any) -> None:
    message = event.message
    sender = message.from_email
    addressed = [message.envelope_recipient, *(one.addr_spec for one in [*message.to, *message.cc])]
    receive_mail(
        Incoming(
            sender=(sender.addr_spec if sender else "") or "",
            sender_name=(sender.display_name if sender else "") or "",
            recipients=[address for address in addressed if address],
            subject=str(message.subject or ""),
            text=message.text or "",
            html=message.html or "",
            headers={str(name).lower(): str(value) for name, value in message.items()},
            message_id=str(message.get("Message-ID", "")),
            event_id=event.event_id or "",
            envelope_sender=message.envelope_sender,
            is_spam=bool(message.spam_detected),
            files=_files(message),
        )
    )


def _files(message: Any) -> list[IncomingFile]:
    """Telephones put photographs into the text: those count as attached."""
    parts = [*message.attachments, *message.inlines][:MOST_FILES_READ]
    files = [(part, part.get_content_bytes() or b"") for part in parts]
    return [
        IncomingFile(name=part.get_filename() or "", data=data)
        for part, data in files
        if part.is_attachment() or len(data) >= LEAST_INLINE_BYTES
    ]
