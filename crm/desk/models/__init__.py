from crm.desk.models.callbacks import Callback, CallAttempt
from crm.desk.models.conversations import Attachment, Conversation, Entry, IncomingMail, Subject
from crm.desk.models.pages import HelpEntry, LegalPage, LegalPageVersion

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
    "Subject",
]
