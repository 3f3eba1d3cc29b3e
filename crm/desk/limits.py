"""How often one machine or one address may write."""

from config.limits import Limit

BY_MACHINE = Limit("contact.machine", most=10)
BY_ADDRESS = Limit("contact.address", most=3)


def may_write(*, machine: str, email: str) -> bool:
    """Count one message of both and say whether it may be kept. Two statements."""
    return BY_MACHINE.spend(machine) and BY_ADDRESS.spend(email)
