"""The files themselves: who may open them, and that what people typed prints as typed."""

import json
import re
import shutil
import subprocess

import pytest
from django.contrib.auth.models import Group
from django.db import transaction
from django.test import Client
from django.urls import reverse

from config.facts import deliver_all
from config.staff import StaffGroup, seed_groups
from shop.documents import queries, rendering
from shop.documents.errors import OrderNotBilled
from shop.documents.models import Document
from shop.documents.printing import delivery_sheet, money_sheet
from shop.documents.seller import seller
from shop.orders.models import OrderLine
from tests.factories import CustomerFactory, UserFactory
from tests.shop.documents.selling import Sold, documented, give_back, order_of
from tests.shop.documents.test_invoices import invoice_of, notes_of

pytestmark = pytest.mark.django_db
NASTY = [
    '#import "x"',
    "*$\\",
    "#panic()",
    "</script>&amp;",
    "`a` @b <c> // d",
    '"}]); #read("/etc/passwd")',
    "\\u{41}",
]


def pages(pdf):
    assert pdf.startswith(b"%PDF-")
    return int(re.search(rb"/Type/Pages/Count (\d+)", pdf).group(1))


def words(sheet):
    return json.dumps(sheet, ensure_ascii=False)


def text_of(pdf):
    """What a reader would copy out of it. Poppler is no part of the shop: without it there is nothing to compare."""
    if not shutil.which("pdftotext"):
        pytest.skip("pdftotext (poppler-utils) is not installed")
    read = subprocess.run(["pdftotext", "-", "-"], input=pdf, capture_output=True, check=True)
    # Where a word too long for its cell may break.
    return read.stdout.decode().replace("\u200b", "")


@pytest.fixture
def invoice():
    return invoice_of(documented(Sold("Café moulu"), Sold("Tomates", "4.20", 1000, grams=True, picked=1235)))


def file_of(client, document, reference=""):
    return client.get(
        reverse("order_document", args=[reference or document.order.reference, document.number])
    )


def as_customer(customer):
    client = Client()
    client.force_login(customer.user)
    return client


# --- what stands on them --------------------------------------------------------------------------


def test_an_invoice_says_what_the_law_asks(invoice, settings):
    sheet = words(money_sheet(invoice.payload))

    for said in (
        invoice.number, invoice.order.reference, "Élodie Martin", "12 rue des Lilas", *settings.SELLER["address"].split("|"),
        settings.SELLER["name"], settings.SELLER["form"], settings.SELLER["siren"], settings.SELLER["register"],
        settings.SELLER["vat_number"], "Café moulu", "1,235\xa0kg", "2,3697\xa0€", "3,9810\xa0€/kg", "5,5\xa0%",
        "Total HT", "Total TVA", "Payé par carte bancaire", "livraison de biens",
    ):  # fmt: skip
        assert said in sheet, said


def test_a_credit_note_names_its_invoice_and_its_reason():
    order = documented(Sold("Café", "5.00", 1))
    give_back(order, "1.00")
    deliver_all()
    [note] = notes_of(order)

    sheet = words(money_sheet(note.payload))

    for said in (
        "Avoir",
        note.number,
        invoice_of(order).number,
        "Motif",
        "Remboursé sur votre carte",
        "1,00\xa0€",
    ):
        assert said in sheet
    assert pages(queries.printed(note)) == 1


def test_an_invoice_is_an_archive_file_for_screen_readers_too(invoice):
    pdf = queries.printed(invoice)

    assert pages(pdf) == 1
    assert b"<pdfaid:part>2</pdfaid:part>" in pdf
    assert b"<pdfuaid:part>1</pdfuaid:part>" in pdf
    assert b"/Lang(fr-FR)" in pdf
    assert f"Facture {invoice.number}".encode() in pdf


def test_the_same_invoice_is_the_same_file_years_later(invoice):
    first = queries.printed(invoice)

    assert queries.printed(Document.objects.get(pk=invoice.pk)) == first


def test_what_people_typed_is_never_read_as_markup():
    typed = [Sold(name=text, packaging=text[::-1], promotion=text, off="0.10") for text in NASTY]
    order = documented(*typed, first_name=NASTY[0], last_name=NASTY[1], line1=NASTY[5], line2=NASTY[2])
    invoice = invoice_of(order)

    sheet, pdf = money_sheet(invoice.payload), queries.printed(invoice)

    assert [row["label"] for row in sheet["rows"]][: len(NASTY)] == NASTY
    assert sheet["buyer"]["lines"][0] == f"{NASTY[0]} {NASTY[1]}"
    text = text_of(pdf)
    for said in NASTY:
        assert said in text


@pytest.mark.parametrize(
    "name", ["W" * 150, "Pomme 🍎 王さま", "Ольга", "\u202eenvers", "é" * 80, "\x07cloche"]
)
def test_no_name_keeps_an_invoice_from_being_made(name):
    order = documented(Sold(name=name), first_name=name[:80], last_name=name[:80])

    assert pages(queries.printed(invoice_of(order))) == 1


def test_a_long_order_repeats_its_columns_on_each_page():
    order = documented(*(Sold(f"Article au nom plutôt long, numéro {n}, affiné en cave") for n in range(60)))
    pdf = queries.printed(invoice_of(order))

    assert pages(pdf) == 5
    text = text_of(pdf)
    assert text.count("Désignation") == 4
    assert all(f"Page {n} / 5" in text for n in range(1, 6))


def test_no_file_is_made_while_rows_may_be_locked(invoice):
    with transaction.atomic(), pytest.raises(rendering.RenderedInTransaction):
        queries.printed(invoice)


# --- the delivery note ----------------------------------------------------------------------------


def delivered():
    return order_of(
        Sold("Lait", "1.10", 6),
        Sold("Eau", "0.95", 6, picked=4),
        Sold("Brie", "4.10", 1, picked=0),
        Sold("Coulommiers", "4.60", 1, replaces="Brie"),
        Sold("Persil", "1.20", 2, picked=0),
        Sold("Tomates", "4.20", 1000, grams=True, picked=1235),
        floor="3e",
        line2="",
    )


def test_a_delivery_note_says_what_is_in_the_crates_and_no_price():
    order = delivered()
    lines = list(OrderLine.objects.filter(order=order).select_related("replaces", "replaced_by"))

    sheet = delivery_sheet(order, lines, crates=3, seller=seller())

    groups = {
        group["title"]: [(row["label"], row["ordered"], row["delivered"]) for row in group["rows"]]
        for group in sheet["groups"]
    }
    assert groups == {
        "Dans vos caisses": [("Lait", "6", "6"), ("Eau", "6", "4"), ("Tomates", "1\xa0kg", "1,235\xa0kg")],
        "Remplacés": [("Coulommiers", "—", "1")],
        "Manquants, non facturés": [("Persil", "2", "0")],
    }
    assert next(iter(groups)) == "Manquants, non facturés"
    assert [row["label"] for group in sheet["groups"] for row in group["rows"] if row["is_short"]] == [
        "Persil",
        "Eau",
    ]
    assert ["Caisses", "3"] in sheet["facts"]
    assert "Étage\u202f: 3e" in sheet["recipient"]["lines"]
    assert "€" not in words(sheet["groups"])


def test_a_delivery_note_takes_two_queries(django_assert_num_queries):
    order = delivered()

    with django_assert_num_queries(2):
        pdf = queries.delivery_note(order.reference, crates=2)

    assert pages(pdf) == 1
    assert not Document.objects.exists()


def test_an_unknown_order_has_no_delivery_note():
    with pytest.raises(OrderNotBilled):
        queries.delivery_note("CB-INCONNUE", crates=1)


# --- who may open them ----------------------------------------------------------------------------


def test_a_customer_opens_their_own(invoice):
    answer = file_of(as_customer(invoice.order.customer), invoice)

    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"] == f'inline; filename="{invoice.number}.pdf"'
    assert {"no-store", "private"} <= set(answer["Cache-Control"].split(", "))
    assert pages(answer.content) == 1


def test_nobody_else_opens_it(invoice):
    other = as_customer(CustomerFactory())
    staff = Client()
    staff.force_login(UserFactory(staff=True, is_superuser=True))

    assert file_of(other, invoice).status_code == 404
    assert file_of(staff, invoice).status_code == 404
    assert file_of(Client(), invoice)["Location"].startswith("/accounts/login/")


def test_an_order_opens_its_own_documents_only(invoice):
    customer = invoice.order.customer
    second = invoice_of(documented(customer=customer))
    client = as_customer(customer)

    assert file_of(client, invoice, reference=second.order.reference).status_code == 404
    assert client.get(f"/commandes/{second.order.reference}/documents/F1999-000001.pdf").status_code == 404
    assert client.get(f"/commandes/{second.order.reference}/documents/..%2Fx.pdf").status_code == 404


def test_the_order_page_offers_invoice_and_credit_notes(django_assert_max_num_queries):
    order = documented(Sold("Café", "5.00", 1))
    client = as_customer(order.customer)
    one = client.get(reverse("order", args=[order.reference])).content.decode()
    for occasion in ("a", "b", "c"):
        give_back(order, "1.00", occasion)
    deliver_all()

    # One more for the same hour of a later week.
    with django_assert_max_num_queries(23):
        page = client.get(reverse("order", args=[order.reference])).content.decode()

    for document in [invoice_of(order), *notes_of(order)]:
        assert f'href="{reverse("order_document", args=[order.reference, document.number])}"' in page
    assert page.count("Avoir") == 3
    assert invoice_of(order).number in one


def test_whoever_has_the_link_alone_is_offered_none():
    order = documented()

    page = Client().get(reverse("tracking", args=[order.tracking_token])).content.decode()

    assert invoice_of(order).number not in page


def test_an_order_without_documents_says_nothing_of_them():
    order = order_of(Sold())

    page = as_customer(order.customer).get(reverse("order", args=[order.reference])).content.decode()

    assert "Vos documents" not in page


# --- staff ----------------------------------------------------------------------------------------


def staff_of(group):
    seed_groups()
    user = UserFactory(staff=True)
    user.groups.add(Group.objects.get(name=group))
    client = Client()
    client.force_login(user)
    return client


@pytest.mark.parametrize(
    ("group", "status"),
    [(StaffGroup.CUSTOMER_SERVICE, 200), (StaffGroup.MANAGER, 200), (StaffGroup.PICKING, 403), (StaffGroup.MARKETING, 403)],
)  # fmt: skip
def test_staff_open_files_by_right(invoice, group, status):
    answer = staff_of(group).get(reverse("admin:documents_document_file", args=[invoice.pk]))

    assert answer.status_code == status
    if status == 200:
        assert pages(answer.content) == 1
        assert {"no-store", "private"} <= set(answer["Cache-Control"].split(", "))


def test_staff_find_documents_by_order_or_number(invoice):
    client, other = staff_of(StaffGroup.CUSTOMER_SERVICE), invoice_of(documented())
    address = reverse("admin:documents_document_changelist")

    for term in (invoice.number, invoice.order.reference):
        page = client.get(address, {"q": term}).content.decode()
        assert invoice.number in page
        assert other.number not in page
    order_page = client.get(reverse("admin:orders_order_change", args=[invoice.order_id])).content.decode()
    assert f"{address}?q={invoice.order.reference}" in order_page


def test_names_are_not_guessed_letter_by_letter(invoice):
    client = staff_of(StaffGroup.CUSTOMER_SERVICE)

    answer = client.get(
        reverse("admin:documents_document_changelist"), {"payload__buyer__icontains": "Martin"}
    )

    assert answer.status_code in {302, 400}


def test_a_file_that_is_not_there_is_not_found():
    assert (
        staff_of(StaffGroup.MANAGER).get(reverse("admin:documents_document_file", args=[0])).status_code
        == 404
    )
