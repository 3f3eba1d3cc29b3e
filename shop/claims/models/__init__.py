"""What customers report of an order they received, what was answered, and within which limits at once."""

from shop.claims.models.claims import Claim, Claimant, ClaimEvent, ClaimLine
from shop.claims.models.limits import ClaimLimits

__all__ = ["Claim", "ClaimEvent", "ClaimLimits", "ClaimLine", "Claimant"]
