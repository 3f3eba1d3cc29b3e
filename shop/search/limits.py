"""How often one machine or one address may ask something of a product's page."""

from config.limits import Limit

REPORTS_BY_MACHINE = Limit("report.machine", most=10)
ALERTS_BY_MACHINE = Limit("restock.machine", most=30)
# Nobody is made to wait for a hundred products by somebody else.
ALERTS_BY_ADDRESS = Limit("restock.address", most=20, seconds=24 * 3600)


def may_wait(*, machine: str, email: str) -> bool:
    """Count one request of both and say whether it may be kept. Two statements."""
    return ALERTS_BY_MACHINE.spend(machine) and ALERTS_BY_ADDRESS.spend(email)
