from config.facts import handler
from crm.desk import services
from delivery.promise.events import CompensationGranted


@handler(CompensationGranted, key="desk.call_back", lane="checkout")
def call_back(granted: CompensationGranted) -> None:
    """Within the hour of opening hours; carried out once somebody has called, or sees that nobody is to be."""
    if granted.remedy in services.CALLS:
        services.call_for_compensation(compensation_id=granted.compensation_id)
