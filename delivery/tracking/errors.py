class NotYourRound(Exception):
    """Another courier drives it, nobody was trained for it, or there is no such round."""


class AlreadyOut(Exception):
    """This courier has another round open."""


class EventUnreadable(Exception):
    """What a phone sent means nothing: it is not kept, and the phone must not send it again."""


class NothingConcerned(Exception):
    """No order to come lies in this zone and period."""


class CardWithoutAnswer(Exception):
    """A question becomes a card once somebody has written what to answer."""


class AtTheDoor(Exception):
    """Too late to call it back: the courier is there, or has handed it over."""
