"""Who sells, as the head of every invoice must say it (CGI annexe II art. 242 nonies A; C. com. R123-237, L441-9)."""

from django.conf import settings

from shop.documents.errors import SellerUnknown


def missing_particulars() -> list[str]:
    """The settings left blank, by their names in the environment."""
    return [f"SELLER_{what.upper()}" for what, value in settings.SELLER.items() if not value.strip()]


def seller() -> dict[str, str | list[str]]:
    """Raises SellerUnknown: what is issued can never be completed afterwards."""
    if missing := missing_particulars():
        raise SellerUnknown(", ".join(missing))
    known = {what: value.strip() for what, value in settings.SELLER.items()}
    address = [line.strip() for line in known.pop("address").split("|")]
    return known | {"address": address, "email": settings.HELP_EMAIL, "phone": settings.HELP_PHONE}
