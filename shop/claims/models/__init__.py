"""What customers report of an order they received, what was answered, and within which limits at once."""

from shop.claims.models.claims import OCCASION, Claim, Claimant, ClaimEvent, ClaimLine
from shop.claims.models.limits import ClaimLimits

__all__ = ["OCCASION", "Claim", "ClaimEvent", "ClaimLimits", "ClaimLine", "Claimant"]
