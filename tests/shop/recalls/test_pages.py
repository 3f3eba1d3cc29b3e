"""What shoppers, pickers and staff see of a recall, and who may do what."""

import csv
import io
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from config.exports import inert
from config.staff import StaffGroup
from crm.outbox.models import Message, State
from shop.orders import services as orders
from shop.orders.models import Order
from shop.picking import services as picking
from shop.recalls import services
from shop.recalls.models import Recall, RecallNotice
from tests.shop.orders.depot import lines_of, place
from tests.shop.orders.test_orders import member
from tests.shop.picking.conftest import on_trolley
from tests.shop.recalls.conftest import NOTICE, all_paid, paid, settle_payments, work_off

pytestmark = pytest.mark.django_db
OPENING = "admin:recalls_open"
PLUS_ONE = timedelta(hours=30)


def browser(group):
    client = Client()
    client.force_login(member(group))
    return client


def body(answer):
    return answer.content.decode()


def asked(product, **changes):
    return {
        "ean": product.ean, "lots": "", "best_before_from": "", "best_before_to": "", "sold_since": "",
        "hazard": "listeria", "sentence": "Un contrôle en a trouvé.", "advice": "destroy",
        "notice_reference": "", "notice_url": "",
    } | changes  # fmt: skip


# --- shoppers -------------------------------------------------------------------------------------


def test_the_public_page_tells_every_recall_that_stands(
    client, brie, recall, quality, django_assert_max_num_queries
):
    assert "Aucun rappel en cours" in body(client.get("/rappels/"))
    made = recall(brie, lots=["L1"], **NOTICE)

    page = body(client.get("/rappels/"))

    for words in ("Brie", brie.ean, "Lot L1", "Listeria", "jetez-le", NOTICE["notice_url"], "2026-11-0123"):
        assert words in page
    services.check_shelf(shelf_id=made.shelves.get().pk, kept=0, by_id=quality.pk)
    services.close_recall(recall_id=made.pk, by_id=quality.pk)
    assert "Brie" not in body(client.get("/rappels/"))


def test_the_public_page_asks_as_often_for_many(client, brie, apples, recall, django_assert_max_num_queries):
    client.get("/rappels/")
    recall(brie)
    with django_assert_max_num_queries(6):
        client.get("/rappels/")
    for number in range(3):
        recall(apples, notice_reference=f"2026-11-000{number}", notice_url=NOTICE["notice_url"])

    with django_assert_max_num_queries(6):
        client.get("/rappels/")


def test_the_page_of_a_recalled_product_says_so(client, brie, recall):
    address = reverse("product", args=[brie.slug])
    assert client.get(address).status_code == 200
    recall(brie)

    answer = client.get(address)

    assert answer.status_code == 410
    assert "Ce produit est rappelé" in body(answer)
    assert "jetez-le" in body(answer)
    assert client.get(reverse("product", args=["jamais-vu"])).status_code == 404


def test_what_staff_type_is_never_markup(client, brie, recall, quality):
    wanted = services.NewRecall(
        ean=brie.ean, hazard="listeria", sentence="<script>alert(1)</script>", advice="destroy"
    )
    services.open_recall(wanted=wanted, by_id=quality.pk)

    for address in ("/rappels/", reverse("product", args=[brie.slug])):
        assert "<script>alert(1)" not in body(client.get(address))


def test_the_order_says_that_it_is_recalled_and_refunded(client, brie, apples, zone, recall):
    order = paid(place(zone, {brie: 10, apples: 5000}))
    address = reverse("tracking", args=[order.tracking_token])
    assert "Produit rappelé" not in body(client.get(address))

    recall(brie)
    page = body(client.get(address))
    assert "Produit rappelé" in page
    assert "Nous vous remboursons 40,00" in page

    settle_payments()
    assert "Nous vous avons remboursé 40,00" in body(client.get(address))


# --- pickers --------------------------------------------------------------------------------------


def test_a_picker_is_told_to_take_nothing_of_it(brie, apples, zone, recall):
    picker = member(StaffGroup.PICKING)
    client = Client()
    client.force_login(picker)
    order = place(zone, {brie: 10, apples: 5000})
    on_trolley(picker, order)
    recall(brie, work=False)
    line = lines_of(order)["Brie"]

    answer = client.post(reverse("picking_trolley"), {f"q-{line.pk}": "10", "code": brie.ean})

    assert answer.status_code == 422
    assert "Ce produit est rappelé" in body(answer)
    assert lines_of(order)["Brie"].picked is None


def test_a_picker_takes_it_out_of_the_crates_then_closes_them(brie, apples, zone, recall):
    picker = member(StaffGroup.PICKING)
    client = Client()
    client.force_login(picker)
    order = place(zone, {brie: 10, apples: 5000})
    [task] = on_trolley(picker, order)
    taken = {line.pk: picking.Taken(line.quantity) for line in order.lines.all()}
    picking.confirm(picker_id=picker.pk, taken=taken)
    recall(brie)
    line = lines_of(order)["Brie"]
    for address in ("picking", "picking_trolley"):
        assert "à sortir des bacs" in body(client.get(reverse(address)))
    close = reverse("picking_close", args=[task.pk])
    assert "à sortir des bacs" in body(client.get(close))
    assert client.get(reverse("picking_correct", args=[line.pk])).status_code == 200

    with pytest.raises(orders.RecalledInCrates):
        picking.close_task(task_id=task.pk, picker_id=picker.pk)
    stranger = browser(StaffGroup.PICKING)
    assert stranger.post(reverse("picking_take_out", args=[line.pk])).status_code == 404
    answer = client.post(reverse("picking_take_out", args=[line.pk]), follow=True)

    assert "caisse des rappels" in body(answer)
    assert "à sortir des bacs" not in body(answer)
    assert lines_of(order)["Brie"].picked == 0


# --- staff ----------------------------------------------------------------------------------------


def test_a_recall_is_read_once_more_before_it_is_opened(brie, apples, zone):
    paid(place(zone, {brie: 10, apples: 5000}))
    place(zone, {brie: 12, apples: 5000}, starts_in=PLUS_ONE)
    client = browser(StaffGroup.CATALOGUE)
    told = asked(brie, lots="L1, L2", **NOTICE)

    preview = client.post(reverse(OPENING), told)

    assert not Recall.objects.exists()
    page = body(preview)
    for words in (
        "1 rayon est bloqué",
        "1 commande pas encore prête",
        "1 acheteur est prévenu",
        "40,00",
        "L1, L2",
    ):
        assert words in page, words
    edited = client.post(reverse(OPENING), told | {"edit": "1"})
    assert 'name="sentence"' in body(edited)
    assert not Recall.objects.exists()

    answer = client.post(reverse(OPENING), told | {"confirm": "1"})

    made = Recall.objects.get()
    assert answer.url == reverse("admin:recalls_recall_change", args=[made.pk])
    assert (made.lots, made.notice_reference) == (["L1", "L2"], "2026-11-0123")
    again = client.post(reverse(OPENING), told | {"confirm": "1"})
    assert "déjà rappelé" in body(again)
    assert Recall.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"ean": "123"}, "mal lu"),
        ({"ean": "4006381333931"}, "ne connaît pas ce code-barres"),
        ({"lots": "L1\x07"}, "Un lot s’écrit"),
        ({"lots": "=1+1"}, "Un lot s’écrit"),
        ({"lots": ",".join(f"L{n}" for n in range(60))}, "Cinquante lots au plus"),
        ({"best_before_from": "2027-01-02", "best_before_to": "2027-01-01"}, "vient avant la première"),
        ({"sold_since": "2999-01-01"}, "pas encore venu"),
        ({"notice_reference": "2026-11-0123", "notice_url": "javascript:alert(1)"}, "commence par https"),
        ({"notice_reference": "2026-11-0123", "notice_url": "http://a.fr/"}, "commence par https"),
        ({"notice_reference": "2026-11-0123"}, "vont ensemble"),
        ({"notice_reference": "bof", "notice_url": "https://a.fr/"}, "RappelConso s’écrit"),
        ({"hazard": "peur"}, "choix"),
        ({"sentence": ""}, "obligatoire"),
    ],
)
def test_a_form_with_a_fault_opens_nothing(brie, changes, says):
    client = browser(StaffGroup.CATALOGUE)

    page = body(client.post(reverse(OPENING), asked(brie, **changes) | {"confirm": "1"}))

    assert says in page
    assert not Recall.objects.exists()


def test_staff_follow_check_and_close(brie, apples, zone, recall):
    order = paid(place(zone, {brie: 10, apples: 5000}))
    made = recall(brie, lots=["L1"])
    Message.objects.filter(purpose="product_recalled").update(state=State.FAILED)
    client = browser(StaffGroup.MANAGER)
    address = reverse("admin:recalls_recall_change", args=[made.pk])

    page = body(client.get(address))

    assert "À appeler" in page
    assert "06 12 34 56 78" in page.replace("\xa0", " ").replace("\u202f", " ")
    assert "Le rayon est contrôlé" in page
    shelf = made.shelves.get()
    check = reverse("admin:recalls_shelf", args=[made.pk, shelf.pk])
    client.post(check, {"kept": "douze"})
    client.post(check, {"kept": "-1"})
    assert made.shelves.get().checked_at is None
    assert "de nouveau en vente" in body(client.post(check, {"kept": "12"}, follow=True))
    assert "déjà été contrôlé" in body(client.post(check, {"kept": "13"}, follow=True))
    notice = reverse("admin:recalls_notice", args=[made.pk])
    assert "RappelConso s’écrit" in body(
        client.post(notice, {"notice_reference": "x", "notice_url": ""}, follow=True)
    )
    assert "Avis officiel ajouté" in body(client.post(notice, NOTICE, follow=True))
    assert "Rappel clos" in body(client.post(reverse("admin:recalls_close", args=[made.pk]), follow=True))
    assert Recall.objects.get().closed_at
    assert Order.objects.get(pk=order.pk).status == Order.Status.PACKED


def test_the_file_of_buyers_runs_nothing_in_a_spreadsheet(brie, apples, zone, recall):
    bad = paid(place(zone, {brie: 10, apples: 5000}))
    Order.objects.filter(pk=bad.pk).update(first_name="=HYPERLINK(1)", last_name=" +cmd")
    made = recall(brie)

    answer = browser(StaffGroup.CUSTOMER_SERVICE).get(reverse("admin:recalls_export", args=[made.pk]))
    text = b"".join(answer.streaming_content).decode()

    assert text.startswith("\ufeff")
    [row] = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), delimiter=";")
    assert row["prénom"] == "'=HYPERLINK(1)"
    assert row["nom"] == "' +cmd"
    assert row["commande"] == bad.reference
    assert row["montant"] == "40,00"
    assert inert("-5") == "'-5"
    assert inert("\t=1") == "'\t=1"
    assert inert("Martin") == "Martin"


@pytest.mark.parametrize("group", list(StaffGroup))
def test_each_group_does_what_its_rights_say(group, brie, apples, zone, recall):
    all_paid(zone, {brie: 10, apples: 5000}, 1)
    made = recall(brie, lots=["L1"])
    client = browser(group)
    opens = group in {StaffGroup.CATALOGUE, StaffGroup.MANAGER}
    checks = opens or group == StaffGroup.PICKING
    reads = checks or group == StaffGroup.CUSTOMER_SERVICE
    calls = group in {StaffGroup.CUSTOMER_SERVICE, StaffGroup.MANAGER}
    page = client.get(reverse("admin:recalls_recall_change", args=[made.pk]))
    shelf = made.shelves.get()

    assert page.status_code == (200 if reads else 403)
    assert ("0612345678" in body(page) or "clients.csv" in body(page)) is (reads and calls)
    assert client.get(reverse(OPENING)).status_code == (200 if opens else 403)
    export = client.get(reverse("admin:recalls_export", args=[made.pk]))
    assert export.status_code == (200 if calls else 403)
    closed = client.post(reverse("admin:recalls_close", args=[made.pk]))
    assert closed.status_code == (302 if opens else 403)
    notice = client.post(reverse("admin:recalls_notice", args=[made.pk]), NOTICE)
    assert notice.status_code == (302 if opens else 403)
    check = client.post(reverse("admin:recalls_shelf", args=[made.pk, shelf.pk]), {"kept": "1"})
    assert check.status_code == (302 if checks else 403)
    shelf.refresh_from_db()
    assert bool(shelf.checked_at) is checks


def test_actions_are_posts_with_a_token_and_of_the_recall_they_name(brie, apples, recall):
    made, other = recall(brie), recall(apples)
    client = browser(StaffGroup.MANAGER)
    shelf = made.shelves.get()

    assert client.get(reverse("admin:recalls_close", args=[made.pk])).status_code == 404
    wrong = reverse("admin:recalls_shelf", args=[other.pk, shelf.pk])
    assert client.post(wrong, {"kept": "0"}).status_code == 404
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(member(StaffGroup.MANAGER))
    assert strict.post(reverse("admin:recalls_close", args=[made.pk])).status_code == 403
    assert client.get(reverse("admin:recalls_export", args=[999999])).status_code == 404


def test_the_page_of_a_recall_asks_as_often_for_many_orders(brie, apples, zone, recall):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    counts = []
    client = browser(StaffGroup.MANAGER)
    few, many = place(zone, {brie: 10, apples: 5000}), [place(zone, {apples: 16_000}) for _ in range(4)]
    for product, placed in ((brie, [few]), (apples, many)):
        for order in placed:
            paid(order)
        made = recall(product)
        address = reverse("admin:recalls_recall_change", args=[made.pk])
        client.get(address)
        with CaptureQueriesContext(connection) as seen:
            client.get(address)
        counts.append(len(seen))

    assert RecallNotice.objects.filter(recall=made).count() == 5
    assert counts[1] <= counts[0]


def test_a_batch_asks_as_often_for_each_order_however_many(brie, apples, zone, recall):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    placed = [place(zone, {brie: 10, apples: 5000}), *(place(zone, {apples: 16_000}) for _ in range(3))]
    for order in placed:
        paid(order)
    costs = []
    for product, number in ((brie, 1), (apples, 4)):
        made = recall(product, work=False)
        services.list_buyers(recall_id=made.pk)
        with CaptureQueriesContext(connection) as seen:
            assert services.treat_some(recall_id=made.pk) == number
        costs.append(len(seen))

    assert costs[1] - 2 <= (costs[0] - 2) * 4
    work_off(made)
