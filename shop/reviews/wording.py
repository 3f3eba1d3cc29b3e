"""Figures of the service as they are read."""

from typing import Any

from shop.reviews.models import ServiceReview
from shop.reviews.queries import ServiceSummary


def service_figures(summary: ServiceSummary) -> dict[str, Any]:
    """The overall ratings, and each detail that somebody rated with its French name. No query."""
    details = [
        {
            "name": str(ServiceReview._meta.get_field(name).verbose_name).capitalize(),  # type: ignore[union-attr]
            "average": mean,
            "count": number,
        }
        for name, (mean, number) in summary.details.items()
    ]
    return {"overall": summary.overall, "details": details}
