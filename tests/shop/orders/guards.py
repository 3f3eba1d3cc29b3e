"""The guards of an order's life, and how each is taken away: with any of them gone, the machine must find out."""

from dataclasses import replace
from decimal import Decimal

from shop.orders import rules
from shop.orders.models import LineEvent
from shop.orders.services import asking, at_shelf, calling_off, preparing, substituting
from shop.payments.services import refunding


def weights_uncapped(patch):
    """All that was weighed is charged, however much heavier than ordered."""
    patch.setattr(rules.Prepared, "counted", property(lambda line: line.picked))
    patch.setattr(rules, "_within", lambda amounts, _most: tuple(amounts))


def stand_in_at_its_own_price(patch):
    """What stands in costs what it costs."""
    patch.setattr(substituting, "substitute_price", lambda *_: Decimal(9999))


def vat_without_the_delivery(patch):
    """The delivery is charged, and its VAT forgotten."""
    real = rules.vat_totals
    patch.setattr(rules, "vat_totals", lambda amounts: real(amounts[:-1] if len(amounts) > 1 else amounts))


def picked_without_a_word(patch):
    """Shelves are visited and nothing is written of it."""
    patch.setattr(LineEvent.objects, "bulk_create", lambda events: list(events))


def stock_kept_by_the_cancelled(patch):
    patch.setattr(calling_off.stock, "return_stock", lambda **_: {})


def place_kept_by_the_cancelled(patch):
    patch.setattr(calling_off.slots, "release_booking", lambda **_: False)


def shelf_not_emptied(patch):
    """Crates are closed and the goods still count as lying there, reserved."""
    patch.setattr(preparing.stock, "pick_stock", lambda **_: None)


def dropped_and_still_reserved(patch):
    """What a customer gave up is kept from everybody else."""
    real = asking._drop
    patch.setattr(asking, "_drop", lambda line, missing: real(line, missing) and {})


def refunds_unbounded(patch):
    """More is given back than was taken."""
    real = refunding._ask

    def careless(account, captures, lacking, **told):
        return real(account, [replace(one, left=one.left * 100) for one in captures], lacking, **told)

    patch.setattr(refunding, "_ask", careless)


def newcomers_not_asked(patch):
    """A first order gets a replacement nobody asked about."""
    for module in (at_shelf, asking):
        patch.setattr(module, "effective_choice", lambda *, of_order, of_line, rank: of_line or of_order)


# Each guard, and what the machine must say once it is gone.
GUARDS = {
    weights_uncapped: "above its tolerance|than was authorised, agreed",
    stand_in_at_its_own_price: "a stand-in is dearer",
    vat_without_the_delivery: "a rate of (a bill|an order)",
    picked_without_a_word: "a line has no history",
    stock_kept_by_the_cancelled: "what ended holds stock",
    place_kept_by_the_cancelled: "what ended holds a place",
    shelf_not_emptied: "what ended holds stock",
    dropped_and_still_reserved: "holds other stock than its lines want",
    refunds_unbounded: "more was refunded than was left",
    newcomers_not_asked: "a newcomer got a stand-in unasked",
}
