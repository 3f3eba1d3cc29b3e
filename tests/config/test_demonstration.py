"""A living shop of 2,000 households over 180 days: as busy as it should be, exact to the cent, open to all."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from django.db.models import F
from django.urls import reverse
from django.utils import timezone

from config.demonstration import Plan, load
from config.demonstration.marks import BASKET_PREFIX, EAN_PREFIX
from config.demonstration.plan import this_hour
from config.demonstration.stages import STAGES, Stage
from delivery.promise.models import Compensation, Outcome, RuleWeek
from delivery.promise.replay import replay, terms_in_force
from delivery.slots.models import Slot
from loyalty.vouchers.models import Voucher, VoucherEntry
from shop.catalogue.models import Aisle, Product
from shop.catalogue.queries import missing_by_product
from shop.catalogue.rules import normalised_ean
from shop.customers.models import Customer, User
from shop.orders import services
from shop.orders.models import Order, OrderLine
from shop.orders.queries import overdue_references, unsecured_near_cutoff
from shop.orders.rules import Article, figures
from shop.payments import services as payments
from shop.payments.models import PaymentAccount, PaymentOperation
from shop.pricing.rules import PricedLine
from shop.stock.models import StockItem, StockReservation
from tests.config.living_shop import a_shop_given_up_later, one, rows
from tests.factories import UserFactory
from tests.shop.checkout.conftest import Walk

HOUSEHOLDS, DAYS, PRODUCTS = 2000, 180, 1000
UNTIL = this_hour()
STANDING = "status <> 'abandoned'"


@pytest.fixture(scope="module")
def living(django_db_setup, django_db_blocker):
    """The class of each household by its e-mail address."""
    classes: dict[str, str] = {}

    def note(work):
        classes.update(work.rows("SELECT email, class FROM demo_household"))

    with django_db_blocker.unblock(), a_shop_given_up_later():
        STAGES.append(Stage("classes", note))
        try:
            load(Plan(products=PRODUCTS, customers=HOUSEHOLDS, days=DAYS, seed=1, until=UNTIL))
        finally:
            STAGES.pop()
        yield classes


@pytest.fixture(autouse=True)
def shop(living, db, settings):
    settings.DEMONSTRATION = True
    return living


def near(measured, target):
    return abs(float(measured) - target) <= 0.08 * target


def test_over_all_an_order_every_28_days_at_107_euros():
    orders, mean = rows(f"SELECT count(*), avg(total) FROM orders_order WHERE {STANDING}")[0]

    assert near(HOUSEHOLDS * DAYS / orders, 28)
    assert near(mean, 107)


def test_regular_households_order_twice_a_month_at_152_euros(shop):
    regular = [email for email, loyalty in shop.items() if loyalty == "regular"]
    orders, mean = rows(
        f"SELECT count(*), avg(total) FROM orders_order WHERE {STANDING} AND email = ANY (%s)", regular
    )[0]

    assert near(orders / len(regular) / (DAYS / 30.4), 2)
    assert near(mean, 152)


def test_an_order_has_eight_lines_at_least_on_average():
    assert OrderLine.objects.count() >= 8 * Order.objects.count()


def test_lost_households_order_no_more(shop):
    lost = [email for email, loyalty in shop.items() if loyalty == "lost"]

    # They leave 45 days ago at the latest, and an order strays by fifteen days at most.
    recent = Order.objects.filter(email__in=lost, created_at__gt=timezone.now() - timedelta(days=28))
    assert Order.objects.filter(email__in=lost).exists() and not recent.exists()


def test_habits_come_again(shop):
    """More than half of what a regular household buys is what it had bought before."""
    again = one(
        """SELECT avg((times > 1)::int) FROM (
               SELECT count(*) OVER (PARTITION BY o.customer_id, l.product_id) AS times
                 FROM orders_orderline l JOIN orders_order o ON o.id = l.order_id WHERE o.email = ANY (%s)) t""",
        [email for email, loyalty in shop.items() if loyalty == "regular"],
    )

    assert again > 0.5


def test_households_keep_to_their_brands():
    """Who takes the early brands of a made-up order on some shelves takes them on the others too."""
    kept = one(
        """WITH taste AS (
               SELECT o.customer_id, p.shelf_id % 2 AS side,
                      avg(percent) AS mean FROM orders_orderline l
                 JOIN orders_order o ON o.id = l.order_id JOIN catalogue_product p ON p.id = l.product_id
                 JOIN (SELECT id, percent_rank() OVER (ORDER BY hashtextextended(slug, 1)) AS percent
                         FROM catalogue_brand) b ON b.id = p.brand_id
                GROUP BY 1, 2 HAVING count(*) > 30)
           SELECT corr(a.mean, b.mean) FROM taste a JOIN taste b USING (customer_id) WHERE a.side = 0 AND b.side = 1"""
    )

    assert kept > 0.2


def test_each_weekday_and_the_evening_have_their_share():
    local = "created_at AT TIME ZONE 'Europe/Paris'"
    days = dict(rows(f"SELECT extract(isodow FROM {local})::int, count(*) FROM orders_order GROUP BY 1"))
    evening = one(f"SELECT avg((extract(hour FROM {local}) BETWEEN 18 AND 22)::int) FROM orders_order")
    night = one(f"SELECT count(*) FROM orders_order WHERE extract(hour FROM {local}) BETWEEN 0 AND 5")

    assert len(days) == 7 and days[6] > 1.2 * days[1]
    assert evening > 0.3 and night == 0


def test_some_orders_are_called_off_short_or_given_back():
    orders = Order.objects.count()
    operations = dict(rows("SELECT kind, count(*) FROM payments_paymentoperation GROUP BY 1"))
    short = PaymentAccount.objects.filter(captured__gt=0, released__gt=0).count()

    assert 0.01 < Order.objects.filter(status="cancelled").count() / orders < 0.04
    assert 0.005 < Order.objects.filter(status="abandoned").count() / orders < 0.03
    assert 0.005 < operations["refund"] / orders < 0.03
    assert 0.03 < short / orders < 0.09


WRONG = {
    "a line's total": """SELECT id FROM orders_orderline WHERE total <> round(
        CASE sold_by WHEN 'weight' THEN unit_price * quantity / 1000 ELSE unit_price * quantity END, 2)""",
    "goods": """SELECT o.id FROM orders_order o JOIN orders_orderline l ON l.order_id = o.id
        GROUP BY o.id HAVING sum(l.total) <> o.goods_total OR sum(l.deposit) <> o.deposit_total""",
    "an order without lines": "SELECT id FROM orders_order o WHERE NOT EXISTS (SELECT 1 FROM orders_orderline l WHERE l.order_id = o.id)",
    "gross by rate": """SELECT order_id FROM orders_ordervattotal v JOIN orders_order o ON o.id = v.order_id
        GROUP BY order_id, o.goods_total, o.delivery_fee HAVING sum(gross) <> o.goods_total + o.delivery_fee""",
    "VAT of a rate": "SELECT id FROM orders_ordervattotal WHERE vat <> round(gross * rate / (100 + rate), 2)",
    "VAT of lines, but for the delivery's rate": """SELECT v.id FROM orders_ordervattotal v
        LEFT JOIN orders_orderline l ON l.order_id = v.order_id AND l.vat_rate = v.rate JOIN orders_order o ON o.id = v.order_id
        GROUP BY v.id, o.delivery_fee HAVING coalesce(sum(l.vat_amount), 0) > v.vat
            OR (coalesce(sum(l.vat_amount), 0) <> v.vat AND (v.rate <> 20 OR o.delivery_fee = 0))""",
    "a fee nobody asks": """SELECT o.id FROM orders_order o JOIN zones_zone z ON z.id = o.zone_id JOIN slots_slot s ON s.id = o.slot_id
        WHERE o.delivery_fee <> CASE WHEN o.goods_total >= z.free_delivery_from THEN 0 ELSE s.price END""",
    "a basket below the minimum": """SELECT o.id FROM orders_order o JOIN zones_zone z ON z.id = o.zone_id
        WHERE o.goods_total < z.minimum_order""",
    "a quantity no basket allows": """SELECT l.id FROM orders_orderline l JOIN catalogue_product p ON p.id = l.product_id
        WHERE CASE l.sold_by WHEN 'weight' THEN l.quantity > 20000 OR l.quantity %% p.weight_step_g <> 0 ELSE l.quantity > 99 END""",
    "an age nobody checks": """SELECT o.id FROM orders_order o JOIN orders_orderline l ON l.order_id = o.id GROUP BY o.id
        HAVING bool_or(l.minimum_age IS NOT NULL) <> o.requires_age_check""",
    "a place counted wrong": """SELECT s.id FROM slots_slot s LEFT JOIN orders_order o ON o.slot_id = s.id AND o.status = 'placed'
        GROUP BY s.id HAVING count(o.id) <> s.booked""",
    "a hold counted wrong": """SELECT s.id FROM slots_slot s LEFT JOIN slots_hold h ON h.slot_id = s.id AND h.state <> 'released'
        GROUP BY s.id HAVING count(h.id) <> s.booked""",
    "a slot beyond its capacity": "SELECT id FROM slots_slot WHERE booked > capacity",
    "an order after its cut-off": "SELECT o.id FROM orders_order o JOIN slots_slot s ON s.id = o.slot_id WHERE o.created_at >= s.cutoff_at",
    "a slot of another zone or depot": """SELECT o.id FROM orders_order o JOIN slots_slot s ON s.id = o.slot_id JOIN zones_zone z ON z.id = o.zone_id
        WHERE s.zone_id <> o.zone_id OR z.depot_id <> o.depot_id""",
    "a rank": """SELECT id FROM (SELECT id, status, rank, 1 + coalesce(sum((status = 'placed')::int) OVER (PARTITION BY customer_id
        ORDER BY created_at, id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS due FROM orders_order) t WHERE rank <> due""",
    "a moment yet to come": "SELECT id FROM orders_order WHERE greatest(created_at, placed_at, cancelled_at) > now()",
    "an event yet to come": "SELECT id FROM orders_orderevent WHERE at > now()",
    "a history that ends otherwise": """SELECT o.id FROM orders_order o JOIN orders_orderevent e ON e.order_id = o.id
        GROUP BY o.id, o.status HAVING NOT CASE o.status
            WHEN 'placed' THEN array_agg(e.kind::text ORDER BY e.id) = '{created,payment_secured,placed}'
            WHEN 'cancelled' THEN array_agg(e.kind::text ORDER BY e.id) = '{created,payment_secured,placed,cancelled,payment_released}'
            ELSE array_agg(e.kind::text ORDER BY e.id) = '{created,abandoned}' END""",
    "an account that is not its entries": """SELECT a.order_reference FROM payments_paymentaccount a
        LEFT JOIN payments_paymententry e ON e.order_reference = a.order_reference GROUP BY a.order_reference
        HAVING coalesce(sum(amount) FILTER (WHERE kind = 'authorised'), 0) <> authorised
            OR coalesce(sum(amount) FILTER (WHERE kind = 'captured'), 0) <> captured
            OR coalesce(sum(amount) FILTER (WHERE kind = 'released'), 0) <> released
            OR coalesce(sum(amount) FILTER (WHERE kind = 'refunded'), 0) <> refunded""",
    "an order without its payment": """SELECT o.id FROM orders_order o LEFT JOIN payments_paymentaccount a ON a.order_reference = o.reference
        WHERE a.order_reference IS NULL OR a.customer_id <> o.customer_id
            OR a.authorised <> CASE WHEN o.status = 'abandoned' THEN 0 ELSE o.total END""",
    "a delivery not taken": """SELECT o.id FROM orders_order o JOIN slots_slot s ON s.id = o.slot_id
        JOIN payments_paymentaccount a ON a.order_reference = o.reference
        WHERE o.status = 'placed' AND s.ends_at < now() - interval '2 hours' AND a.captured = 0""",
    "money kept of a cancelled order": """SELECT o.id FROM orders_order o JOIN payments_paymentaccount a ON a.order_reference = o.reference
        WHERE o.status = 'cancelled' AND a.released <> a.authorised""",
    "a line frozen otherwise than its product": """SELECT l.id FROM orders_orderline l JOIN catalogue_product p ON p.id = l.product_id
        WHERE (l.ean, l.name, l.unit_price, l.vat_rate, l.sold_by, l.minimum_age, l.labels)
              IS DISTINCT FROM (p.ean, p.name, p.price, p.vat_rate, p.sold_by, p.minimum_age, p.labels)""",
    "a cost of a later day": """SELECT l.id FROM orders_orderline l JOIN orders_order o ON o.id = l.order_id WHERE l.cost_on > o.created_at""",
    "a popularity": """SELECT p.id FROM catalogue_product p LEFT JOIN (
            SELECT l.product_id, sum(3 - floor(extract(epoch FROM timestamptz '{UNTIL}' - o.created_at) / 2592000)) AS points
              FROM orders_orderline l JOIN orders_order o ON o.id = l.order_id
             WHERE o.status = 'placed' AND o.created_at > timestamptz '{UNTIL}' - interval '90 days' GROUP BY 1) sold ON sold.product_id = p.id
        WHERE p.popularity <> coalesce(sold.points, 0)""",
    "a popularity of a zone": """SELECT product_id FROM search_zonepopularity z FULL JOIN (
            SELECT o.zone_id, l.product_id, sum(3 - floor(extract(epoch FROM timestamptz '{UNTIL}' - o.created_at) / 2592000)) AS points
              FROM orders_orderline l JOIN orders_order o ON o.id = l.order_id
             WHERE o.status = 'placed' AND o.created_at > timestamptz '{UNTIL}' - interval '90 days'
             GROUP BY 1, 2 HAVING count(DISTINCT o.customer_id) > 1) sold USING (zone_id, product_id)
        WHERE z.popularity IS DISTINCT FROM sold.points""",
    "a zone without a best seller": """SELECT zone_id FROM orders_order WHERE zone_id NOT IN (SELECT zone_id FROM search_zonepopularity)
        GROUP BY 1 HAVING count(DISTINCT customer_id) > 5""",
    "an address of nobody's zone": """SELECT o.id FROM orders_order o WHERE NOT EXISTS (
        SELECT 1 FROM zones_zonearea a WHERE a.zone_id = o.zone_id AND o.postcode LIKE a.prefix || '%%')""",
    "a telephone that may ring": "SELECT id FROM orders_order WHERE phone !~ '^063998[0-9]{4}$'",
    "an address that reaches somebody": r"SELECT id FROM customers_customer WHERE email NOT LIKE '%%.example'",
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_nothing_is_wrong(what):
    assert rows(WRONG[what].replace("%%", "%").replace("{UNTIL}", UNTIL.isoformat()))[:3] == []


def test_orders_are_what_the_shop_would_have_computed():
    """Four hundred orders, line by line, by the arithmetic of checkout itself."""
    chosen = (
        Order.objects.order_by("reference")
        .prefetch_related("lines", "vat_totals")
        .select_related("slot", "zone")
    )

    for order in chosen[:400]:
        lines = sorted(order.lines.all(), key=lambda line: line.pk)
        expected = figures(
            [article_of(line) for line in lines],
            slot_price=order.slot.price,
            free_delivery_from=order.zone.free_delivery_from,
        )
        assert (order.goods_total, order.deposit_total, order.delivery_fee, order.total) == (
            expected.goods_total, expected.deposit_total, expected.delivery_fee, expected.total,
        )  # fmt: skip
        assert {v.rate: (v.gross, v.vat) for v in order.vat_totals.all()} == expected.vat
        for rate in expected.vat:
            mine = sorted(line.vat_amount for line in lines if line.vat_rate == rate)
            due = sorted(
                vat for line, vat in zip(lines, expected.line_vat, strict=True) if line.vat_rate == rate
            )
            assert mine == due


def article_of(line):
    unit_deposit = line.deposit / line.quantity if line.deposit else Decimal(0)
    priced = PricedLine(line.unit_price, line.sold_by, line.quantity, line.vat_rate, unit_deposit)
    return Article(line.product_id, line.ean, line.name, line.packaging_label, priced, line.minimum_age)


def test_there_are_as_many_products_as_asked_all_fit_for_sale():
    made = list(Product.objects.filter(ean__startswith=EAN_PREFIX).values_list("pk", "ean", "slug"))

    assert Product.objects.published().count() == PRODUCTS
    assert len(made) == PRODUCTS - Product.objects.exclude(ean__startswith=EAN_PREFIX).count() > 0
    assert all(normalised_ean(ean) == ean for _pk, ean, _slug in made)
    assert not any(missing_by_product([pk for pk, _ean, _slug in made]).values())
    assert not Product.objects.filter(search_entry=None).exists()
    assert not Product.objects.filter(ean__startswith=EAN_PREFIX, invented=[]).exists()


def test_each_depot_holds_each_product():
    depots = one("SELECT count(*) FROM zones_depot")

    assert StockItem.objects.count() == depots * PRODUCTS
    assert not StockItem.objects.filter(unit_cost=0).exists()
    assert one(
        "SELECT count(*) FROM stock_stockitem i JOIN catalogue_product p ON p.id = i.product_id"
        " WHERE i.unit_cost >= p.price / (1 + p.vat_rate / 100)"
    ) == 0  # fmt: skip


def test_ice_cream_sells_in_summer_and_oranges_in_winter():
    """Whatever the season of the test: no month sells more of what is out of season than of what is in."""
    sold = rows(
        """SELECT extract(month FROM o.created_at)::int, count(*) FROM orders_orderline l
             JOIN orders_order o ON o.id = l.order_id JOIN catalogue_product p ON p.id = l.product_id
             JOIN catalogue_aisle s ON s.id = p.shelf_id WHERE s.slug = 'glaces-et-sorbets' GROUP BY 1"""
    )
    by_month = dict(rows("SELECT extract(month FROM created_at)::int, count(*) FROM orders_order GROUP BY 1"))
    share = {month: count / by_month[month] for month, count in sold}
    # A month that has only begun says little.
    whole = [month for month, count in by_month.items() if count > 500]
    summer = [share.get(month, 0) for month in whole if 5 <= month <= 9]
    winter = [share.get(month, 0) for month in whole if not 5 <= month <= 9]

    assert not summer or not winter or min(summer) > 2 * max(winter)


def test_nobody_can_sign_in_as_a_household():
    logins = User.objects.filter(email__endswith="@foyer.cabas.example")

    assert logins.exists() and not any(login.has_usable_password() for login in logins[:50])


def test_letters_were_answered_with_a_proof():
    granted = one(
        "SELECT count(DISTINCT customer_id) FROM customers_consent WHERE is_granted AND wording <> ''"
    )
    taken_back = one("SELECT count(*) FROM customers_consent WHERE NOT is_granted")

    assert 0.35 < granted / HOUSEHOLDS < 0.55 and 0 < taken_back < granted


def test_periodic_work_finds_nothing_to_do():
    now = timezone.now()

    assert overdue_references(now) == []
    assert unsecured_near_cutoff(now, has_come=True) == unsecured_near_cutoff(now, has_come=False) == []
    assert payments.reconcile() == 0
    assert not PaymentOperation.objects.filter(state="unknown").exists()


@pytest.mark.parametrize("place", [0, 7, 20])
def test_shop_pages_open(client, place):
    aisle = Aisle.objects.filter(products__ean__startswith=EAN_PREFIX).distinct().order_by("slug")[place]
    product = Product.objects.filter(shelf=aisle, ean__startswith=EAN_PREFIX).first()

    for path in (
        "/",
        reverse("aisle", args=[aisle.slug]),
        reverse("product", args=[product.slug]),
        "/recherche/?q=riz",
    ):
        answer = client.get(path)
        assert answer.status_code == 200 and "variable indéfinie" not in answer.content.decode(), path


def test_a_household_reads_its_orders(client):
    order = Order.objects.filter(customer__user__isnull=False, status="placed").order_by("created_at").first()
    client.force_login(order.customer.user)

    listed, shown = client.get(reverse("orders")), client.get(reverse("order", args=[order.reference]))
    followed = client.get(reverse("tracking", args=[order.tracking_token]))

    for page in (listed, shown, followed):
        assert page.status_code == 200 and "variable indéfinie" not in page.content.decode()
    assert order.lines.first().name in shown.content.decode()


@pytest.mark.parametrize("name", ["orders_order", "payments_paymentoperation", "slots_slot", "customers_customer",
                                  "catalogue_product", "stock_stockitem"])  # fmt: skip
def test_staff_read_the_lists(client, name):
    client.force_login(UserFactory(is_staff=True, is_superuser=True))

    assert client.get(reverse(f"admin:{name}_changelist")).status_code == 200


def test_staff_read_an_order_and_the_day(client):
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    order = Order.objects.exclude(status="abandoned").latest("created_at")

    assert (
        order.reference in client.get(reverse("admin:orders_order_change", args=[order.pk])).content.decode()
    )
    assert client.get(reverse("admin:index")).status_code == 200


def test_an_order_to_come_can_be_called_off():
    order = Order.objects.filter(status="placed", slot__cutoff_at__gt=timezone.now()).first()
    taken = list(StockReservation.objects.filter(order_reference=order.reference).select_related("item"))
    booked = order.slot.booked

    services.cancel_order(reference=order.reference)
    release = PaymentOperation.objects.get(account_id=order.reference, kind="release")
    payments.perform(key=release.key)

    assert len(taken) == order.lines.count()
    for reservation in taken:
        assert (
            StockItem.objects.get(pk=reservation.item_id).available
            == reservation.item.available + reservation.quantity
        )
    assert Slot.objects.get(pk=order.slot_id).booked == booked - 1
    account = PaymentAccount.objects.get(pk=order.reference)
    assert (account.held, account.released) == (0, order.total)


def test_somebody_can_order_afterwards(client):
    slot = (
        Slot.objects.with_room()
        .filter(zone__slug="paris", starts_at__gt=timezone.now() + timedelta(days=1))
        .first()
    )
    product = (
        Product.objects.published()
        .filter(sold_by="piece", minimum_age=None, price__gt=3, stock_items__available__gt=30)
        .first()
    )
    walk = Walk(client).fill(product).hold(slot)
    walk.say_who()

    walk.come_back(walk.pay(walk.order()))

    order = Order.objects.get(email="lea@exemple.fr")
    assert (order.status, order.rank, order.slot_id) == ("placed", 1, slot.pk)
    assert order.pk > one("SELECT max(id) FROM orders_order WHERE email <> 'lea@exemple.fr'")
    assert not str(order.basket_key).startswith(BASKET_PREFIX)
    assert Slot.objects.get(pk=slot.pk).booked == slot.booked + 1


def test_a_household_that_orders_again_has_the_next_rank(client):
    customer = Customer.objects.filter(user__isnull=False, orders__status="placed").order_by("pk").first()
    before = customer.orders.filter(status="placed").count()
    slot = (
        Slot.objects.with_room()
        .filter(zone__slug="paris", starts_at__gt=timezone.now() + timedelta(days=1))
        .first()
    )
    product = (
        Product.objects.published()
        .filter(sold_by="piece", minimum_age=None, price__gt=3, stock_items__available__gt=30)
        .first()
    )
    client.force_login(customer.user)
    walk = Walk(client).fill(product).hold(slot)
    walk.say_who()

    walk.come_back(walk.pay(walk.order()))

    assert customer.orders.filter(status="placed").order_by("-id").first().rank == before + 1


def test_keys_of_generated_baskets_are_marked():
    key = Order.objects.values_list("basket_key", flat=True).first()

    assert isinstance(key, UUID) and str(key).startswith(BASKET_PREFIX)
    assert datetime.now(UTC) > Order.objects.latest("created_at").created_at


def test_what_was_promised_is_mostly_kept_and_each_order_has_its_outcome():
    assert one("SELECT count(*) FROM promise_outcome") == Order.objects.exclude(status="abandoned").count()
    over = Outcome.objects.exclude(arrived_at=None)

    late, very_late = over.late().count() / over.count(), _very_late(over).count() / over.count()
    assert 0.03 < late < 0.06 and 0.005 < very_late < 0.025
    assert 0.04 < over.incomplete().count() / over.count() < 0.08
    assert 0.005 < over.filter(units_missing__gt=0).count() / over.count() < 0.025


def _very_late(outcomes):
    return outcomes.filter(arrived_at__gt=F("slot_ends_at") + timedelta(minutes=30))


def test_each_outcome_is_that_of_its_order():
    assert not rows(
        """SELECT p.id FROM promise_outcome p JOIN orders_order o ON o.reference = p.order_reference
             JOIN slots_slot s ON s.id = o.slot_id
            WHERE (p.customer_id, p.zone_id, p.rank, p.slot_starts_at, p.slot_ends_at, p.fee_cents, p.total_cents)
               <> (o.customer_id, o.zone_id, o.rank, s.starts_at, s.ends_at, o.delivery_fee * 100, o.total * 100)
               OR p.units_ordered <> (SELECT sum(CASE sold_by WHEN 'weight' THEN 1 ELSE quantity END)
                                        FROM orders_orderline l WHERE l.order_id = o.id)"""
    )


def test_what_was_given_is_what_the_rules_say_of_the_past():
    foreseen = [replay(terms, terms.rule, now=UNTIL, days=DAYS + 5) for terms in terms_in_force(UNTIL)]

    given = Compensation.objects.filter(
        state="carried_out", outcome__slot_starts_at__lt=foreseen[0].until
    ).values_list("order_reference", "rule__key", "remedy", "amount_cents")
    assert sorted(given) == sorted(
        (one.order_reference, one.rule, one.remedy, one.cents) for rule in foreseen for one in rule.given
    )
    assert len({rule for _reference, rule, *_rest in given}) == 2


def test_what_was_given_back_is_in_the_books_and_what_was_promised_in_the_purse():
    refunds = Compensation.objects.filter(remedy="delivery_refund", state="carried_out")
    asked = PaymentOperation.objects.filter(kind="refund", occasion__startswith="compensation-")
    assert refunds.count() == asked.count() > 0
    assert sum(one.amount for one in asked) * 100 == sum(one.amount_cents for one in refunds)

    offered = Compensation.objects.filter(remedy="next_delivery", state="carried_out")
    sources = Voucher.objects.filter(source__startswith="compensation-").values_list("source", flat=True)
    assert sorted(one.occasion for one in offered) == sorted(sources)
    assert VoucherEntry.objects.filter(voucher__source__startswith="compensation-").count() == len(sources)


def test_weeks_add_up_to_what_was_given():
    assert sum(RuleWeek.objects.values_list("spent_cents", flat=True)) == sum(
        Compensation.objects.filter(state="carried_out").values_list("amount_cents", flat=True)
    )


def test_what_is_still_on_its_way_is_owed_a_decision():
    coming = Outcome.objects.filter(arrived_at=None, cancelled_at=None)

    assert coming.exists() and not coming.filter(decide_at=None).exists()
    assert not Outcome.objects.exclude(arrived_at=None).exclude(decide_at=None).exists()
