class DropUnknown(Exception):
    """No such order is to be delivered, or none yet."""


class RoundMoveRefused(Exception):
    """A round does not go from this state to that one."""


class DepotNowhere(Exception):
    """Nobody said where this depot lies: no round can be planned from it."""


class PlanStale(Exception):
    """Something a plan was made of has changed while it was computed: it is thrown away."""


class WrongPlace(Exception):
    """A place off the planet, or so far from its depot that it is a mistake."""
