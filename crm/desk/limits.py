"""How often one machine or one address may write."""

from config.limits import Limit

BY_MACHINE = Limit("contact.machine", most=10)
BY_ADDRESS = Limit("contact.address", most=3)


BY_SENDER = Limit("contact.mail", most=30)
ACKNOWLEDGED = Limit("contact.acknowledged", most=3)


def may_mail(sender: str) -> bool:
    """Count one mail from an address and say whether it may be kept. One statement."""
    return BY_SENDER.spend(sender)


def may_be_acknowledged(sender: str) -> bool:
    """Count one acknowledgement to an address, which anybody may write under. One statement."""
    return ACKNOWLEDGED.spend(sender)


def may_write(*, machine: str, email: str) -> bool:
    """Count one message of both and say whether it may be kept. Two statements."""
    return BY_MACHINE.spend(machine) and BY_ADDRESS.spend(email)
