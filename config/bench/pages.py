"""How fast shopper pages are beside a bare view: those of a visitor who put one article in a basket, and of a customer with a basket of five."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from uuid import uuid4

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.core.cache import cache
from django.core.handlers.wsgi import WSGIHandler
from django.db import transaction
from django.urls import reverse

from config import kept
from config.bench.bare import BareHandler
from config.bench.browser import Browser
from config.bench.clock import ratio, seconds_a_call
from delivery.zones.models import ZoneArea
from delivery.zones.visitor import SESSION_POSTCODE
from shop.basket.models import Basket, BasketLine
from shop.basket.shopper import SESSION_KEY as SESSION_BASKET
from shop.catalogue.models import Aisle, Product
from shop.customers.models import User
from shop.customers.services import customer_for_user
from shop.customers.sessions import SessionStore

HEADING = ("page", "bare view /s", "shop /s", "ratio", "cold ms", "KiB")
BARE = "bare view"
LINES = 5
# As every browser asks for it: what compressing costs is counted.
GZIP = "gzip, deflate, br"
COLD_CALLS = 5
Address = tuple[str, Callable[[Browser], bytes]]


class NothingToMeasure(Exception):
    """The shop holds too few products, or delivers nowhere."""


@dataclass(frozen=True)
class Row:
    """One page: pages a second, the median ratio to the bare view's, the first view's time, weight as sent."""

    page: str
    bare: float
    rate: float
    ratio: float
    cold_ms: float
    kibibytes: float

    def cells(self) -> tuple[str, ...]:
        return (
            self.page, f"{self.bare:.0f}", f"{self.rate:.0f}", f"{self.ratio:.0%}",
            f"{self.cold_ms:.1f}", f"{self.kibibytes:.0f}",
        )  # fmt: skip


def measure(*, rounds: int, calls: int) -> list[Row]:
    """Every page for both visitors, in turns with the bare view. Raises NothingToMeasure.

    Leaves nothing behind but the cache, which it empties before each first view.
    """
    shop = WSGIHandler()
    addresses = _addresses()
    with customer_with_a_basket() as session, somebody_new(shop) as visitor:
        customer = Browser(shop, encoding=GZIP)
        customer.cookies[settings.SESSION_COOKIE_NAME] = session
        visitors = {"visitor": visitor, "customer": customer}
        pages = {
            f"{page}, {who}": _asking(ask, browser)
            for page, ask in addresses
            for who, browser in visitors.items()
        }
        cold = {name: _first_view_ms(ask) for name, ask in pages.items()}
        weights = {name: len(ask()) / 1024 for name, ask in pages.items()}
        bare = Browser(BareHandler())
        taken = seconds_a_call({BARE: lambda: bare.get("/"), **pages}, rounds=rounds, calls=calls)
    return [
        Row(
            name, 1 / median(taken[BARE]), 1 / median(taken[name]), ratio(taken[BARE], taken[name]),
            cold[name], weights[name],
        )
        for name in pages
    ]  # fmt: skip


def _asking(ask: Callable[[Browser], bytes], browser: Browser) -> Callable[[], bytes]:
    return lambda: ask(browser)


def _first_view_ms(ask: Callable[[], bytes]) -> float:
    """With nothing kept anywhere, milliseconds; the templates are loaded by a first call."""
    ask()
    taken = []
    for _call in range(COLD_CALLS):
        cache.clear()
        kept.forget_everything()
        started = perf_counter()
        ask()
        taken.append((perf_counter() - started) * 1000)
    return median(taken)


def shopper_pages() -> dict[str, str]:
    """The address of each main page. Raises NothingToMeasure."""
    popular = _popular()
    aisle = Aisle.objects.filter(parent=None, shelves__products__is_published=True).first()
    if aisle is None:
        raise NothingToMeasure
    word = popular[0].sort_name.split()[0]
    return {
        "home": reverse("home"),
        "aisle": reverse("aisle", args=[aisle.slug]),
        "aisle, page 3": reverse("aisle", args=[aisle.slug]) + "?page=3",
        "search": reverse("search") + f"?q={word}",
        "product": reverse("product", args=[popular[0].slug]),
        "basket": reverse("basket"),
    }


def _popular() -> list[Product]:
    found = list(Product.objects.published().order_by("-popularity", "id")[:LINES])
    if len(found) < LINES:
        raise NothingToMeasure
    return found


def _addresses() -> list[Address]:
    first = _popular()[0]
    added = {"product": str(first.pk), "quantity": str(first.step)}
    return [
        *((page, _getting(address)) for page, address in shopper_pages().items()),
        ("add to basket", lambda browser: browser.post(reverse("set_basket_line"), added)),
    ]


def _getting(address: str) -> Callable[[Browser], bytes]:
    return lambda browser: browser.get(address)


@contextmanager
def somebody_new(shop: WSGIHandler) -> Iterator[Browser]:
    """A visitor without a session; the one that adding to a basket opens goes with them."""
    visitor = Browser(shop, encoding=GZIP)
    try:
        yield visitor
    finally:
        if key := visitor.cookies.get(settings.SESSION_COOKIE_NAME):
            session = SessionStore(key)
            Basket.objects.filter(key=session.get(SESSION_BASKET, uuid4())).delete()
            session.delete()


@contextmanager
def customer_with_a_basket() -> Iterator[str]:
    """The session of a customer who holds five products, gone without a trace afterwards."""
    area = ZoneArea.objects.filter(zone__is_active=True).order_by("-zone__depot__is_default", "id").first()
    if area is None:
        raise NothingToMeasure
    user = _customer()
    session = SessionStore()
    session.update(
        {
            SESSION_KEY: str(user.pk),
            BACKEND_SESSION_KEY: settings.AUTHENTICATION_BACKENDS[0],
            HASH_SESSION_KEY: user.get_session_auth_hash(),
            SESSION_POSTCODE: area.prefix.ljust(5, "0"),
        }
    )
    session.create()
    try:
        yield str(session.session_key)
    finally:
        session.delete()
        Basket.objects.filter(customer__user=user).delete()
        user.customer.delete()
        user.delete()


@transaction.atomic
def _customer() -> User:
    user = User.objects.create_user(f"bench-{uuid4().hex}@cabas.example")
    basket = Basket.objects.create(customer=customer_for_user(user))
    for product in Product.objects.published().order_by("-popularity", "id")[:LINES]:
        BasketLine.objects.create(
            basket=basket, product=product, quantity=product.step, price_seen=product.price or 0
        )
    return user
