"""How what the demonstration made is recognised afterwards, in the rows themselves."""

from shop.catalogue.rules import with_check_digit

# In-store codes (GS1 prefixes 20 to 29) that neither the starter catalogue nor a scale uses.
EAN_PREFIX = "2980"
EMAIL_DOMAIN = "foyer.cabas.example"
# The first eight figures of the key of a generated basket.
BASKET_PREFIX = "caba5000"


def ean13(number: int) -> str:
    """The code of the n-th generated product, with its check digit."""
    return with_check_digit(f"{EAN_PREFIX}{number:08d}")
