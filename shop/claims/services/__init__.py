"""Reports of what came wrong. Lock order: order → the customer's count of claims → claim → slot → stock → outcome →
payment account, as everywhere else.
"""

from shop.claims.services.answering import (
    answer_with_refund,
    answer_with_replacement,
    carry_on,
    close_claim,
    forget_photos,
)
from shop.claims.services.errors import (
    ClaimMoved,
    ClaimRefused,
    NoReplacement,
    NotACandidate,
    NotGivenBack,
    NothingToClaim,
    NotReportable,
)
from shop.claims.services.not_mine import Received, find_robbed, give_up_search, repair, report_not_mine
from shop.claims.services.reporting import Reported, report

__all__ = [
    "ClaimMoved",
    "ClaimRefused",
    "NoReplacement",
    "NotACandidate",
    "NotGivenBack",
    "NotReportable",
    "NothingToClaim",
    "Received",
    "Reported",
    "answer_with_refund",
    "answer_with_replacement",
    "carry_on",
    "close_claim",
    "find_robbed",
    "forget_photos",
    "give_up_search",
    "repair",
    "report",
    "report_not_mine",
]
