from crm.desk.models.callbacks import CallAttempt, Callback
from crm.desk.models.conversations import Attachment, Conversation, Entry, IncomingMail, Subject
from crm.desk.models.pages import HelpEntry, LegalPage, LegalPageVersion
from crm.desk.models.phone import PhoneOrder, PhoneOrderEvent
from crm.desk.models.texts import ReplyText

__all__ = [
    "Attachment",
    "CallAttempt",
    "Callback",
    "Conversation",
    "Entry",
    "HelpEntry",
    "IncomingMail",
    "LegalPage",
    "LegalPageVersion",
    "PhoneOrder",
    "PhoneOrderEvent",
    "ReplyText",
    "Subject",
]
