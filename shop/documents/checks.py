from typing import Any

from django.core.checks import CheckMessage, Warning, register

from shop.documents.seller import missing_particulars


@register(deploy=True)
def invoices_say_who_sells(**_kwargs: Any) -> list[CheckMessage]:
    missing = missing_particulars()
    if not missing:
        return []
    hint = "Set them: an invoice is frozen when it is made, so none is made before."
    return [Warning(f"Blank on invoices: {', '.join(missing)}.", hint=hint, id="documents.W001")]
