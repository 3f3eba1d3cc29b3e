from dataclasses import dataclass

from config.facts import fact


@fact("reviews.ReviewRefused")
@dataclass(frozen=True, slots=True)
class ReviewRefused:
    """A person refused to publish a review, with a reason. ``kind`` is « product » or « service »."""

    kind: str
    review_id: int


@fact("reviews.ReviewAnswered")
@dataclass(frozen=True, slots=True)
class ReviewAnswered:
    """The shop answered a published review. ``kind`` is « product » or « service »."""

    kind: str
    review_id: int
