"""Why a claim does not take what was said of it; nothing is written then."""


class ClaimRefused(Exception):
    """Nothing was written."""


class NotReportable(ClaimRefused):
    """The order has not come, was not billed, or came too long ago for this page."""


class NothingToClaim(ClaimRefused):
    """A line of another order, none at all, or more than is neither given back nor reported."""


class ClaimMoved(ClaimRefused):
    """Its state does not allow this any more: somebody was quicker."""


class NoReplacement(ClaimRefused):
    """No free slot in its zone, not enough in stock, or delivered once more before."""


class NotGivenBack(ClaimRefused):
    """Its money cannot be given back: it is already, or was not taken yet."""


class NotACandidate(ClaimRefused):
    """That line is not of an order that may have been robbed of it, or is not any more."""
