"""Whose article another household received is looked for. May run twice, late and out of order."""

from config.facts import handler
from shop.claims import services
from shop.claims.events import NotMineReported


@handler(NotMineReported, key="claims.find_robbed")
def find_robbed(reported: NotMineReported) -> None:
    services.find_robbed(claim_id=reported.claim_id)
