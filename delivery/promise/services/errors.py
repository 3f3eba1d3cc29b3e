"""Why a promise does not take what was said of it."""


class PromiseRefused(Exception):
    """Nothing was written."""


class OutcomeUnknown(PromiseRefused):
    """Nothing was promised under this reference."""


class OutcomeCancelled(PromiseRefused):
    """The order was cancelled: nothing happens to it any more."""


class AlreadyArrived(PromiseRefused):
    """It arrived at another instant: whoever knows better corrects it."""


class NotDelivered(PromiseRefused):
    """It is fetched at a point: nobody drives it anywhere."""


class ArrivalInFuture(PromiseRefused):
    """Beyond what clocks may differ."""


class ArrivalBeforeReady(PromiseRefused):
    """Long before its crates were closed."""


class ArrivalTooFar(PromiseRefused):
    """Days away from its slot."""


class FiguresImpossible(PromiseRefused):
    """Negative, or more units than were ordered."""


class NobodyCarriesOut(PromiseRefused):
    """No room carries this remedy out; ``remedy`` names it."""

    def __init__(self, remedy: str) -> None:
        super().__init__(remedy)
        self.remedy = remedy


class RuleUnbounded(PromiseRefused):
    """It could pay without limit: neither a ceiling per customer nor one per week. What it would have cost on the past."""

    def __init__(self, number: int, cents: int) -> None:
        super().__init__(number, cents)
        self.number, self.cents = number, cents


class StartsInThePast(PromiseRefused):
    """What was promised before is judged by what held then."""


class VersionImpossible(PromiseRefused):
    """Its threshold, amount or ceilings do not fit its trigger and remedy."""


class PreviewChanged(PromiseRefused):
    """What it would have given is not what its writer saw."""


class CompensationMoved(PromiseRefused):
    """Its state does not allow this any more."""
