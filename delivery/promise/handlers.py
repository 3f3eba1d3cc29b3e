"""An order is judged as soon as something is known of it. May run twice, late and out of order."""

from config.facts import handler
from delivery.promise import services
from delivery.promise.events import OutcomeChanged


@handler(OutcomeChanged, key="promise.decide")
def decide(changed: OutcomeChanged) -> None:
    services.decide(order_reference=changed.order_reference)
