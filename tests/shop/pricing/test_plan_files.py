"""Planned prices from a file: all of it or nothing, and each faulty line named in French."""

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.template import engines
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from config.staff import StaffGroup, seed_groups
from shop.pricing import services
from shop.pricing.models import PlannedPrice
from shop.pricing.plan_files import MOST_BYTES, PlanFileRefused, read
from shop.pricing.wording import PLAN_FILES, PLANS, plan_refusal
from tests.factories import ProductFactory, UserFactory

D = Decimal
SOON = timezone.localtime(timezone.now() + timedelta(days=30))
DAY = f"{SOON:%d/%m/%Y}"


def text(*lines, heading="ean;prix;date", encoding="utf-8"):
    return "\n".join([heading, *lines]).encode(encoding)


@pytest.fixture
def yoghurt(db):
    return ProductFactory(name="Yaourt nature", slug="yaourt-nature", price=D("2.50"))


def refused(*lines):
    """(line, sentence) of each; nothing is planned."""
    before = PlannedPrice.objects.count()
    with pytest.raises(services.PlansRefused) as refusal:
        services.plan_prices(lines=read(text(*lines)))
    assert PlannedPrice.objects.count() == before
    return [(one.line.number, plan_refusal(one.code, one.other)) for one in refusal.value.refusals]


# --- what is read -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("heading", "line"),
    [
        ("ean;prix;date", "{ean};1,99;{day}"),
        ("ean,price,from", '{ean},"1,99",{day}'),
        ("Référence\tPrix\tÀ partir du", "yaourt-nature\t1.99 €\t{day} 00:00"),
        ("date;ean;prix", "{iso};{spaced};1,99\u00a0€"),
        ("\ufeffcode;prix;date", "{ean};1,99;{iso}T00:00"),
    ],
)
def test_a_spreadsheet_is_read_as_french_people_write(yoghurt, heading, line):
    spaced = f"{yoghurt.ean[0]} {yoghurt.ean[1:7]} {yoghurt.ean[7:]}"
    written = line.format(ean=yoghurt.ean, spaced=spaced, day=DAY, iso=f"{SOON:%Y-%m-%d}")

    services.plan_prices(lines=read(text(written, "", heading=heading)))

    plan = PlannedPrice.objects.get()
    assert (plan.product_id, plan.price, plan.state) == (yoghurt.pk, D("1.99"), "planned")
    local = timezone.localtime(plan.starts_at)
    assert (local.date(), local.hour, local.minute) == (SOON.date(), 0, 0)


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "utf-8", "utf-8-sig"])
def test_an_accent_in_the_heading_is_read_in_any_encoding(yoghurt, encoding):
    content = text(f"{yoghurt.ean};1,99;{DAY}", heading="référence;prix;début", encoding=encoding)

    assert len(services.plan_prices(lines=read(content))) == 1


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b" \n ", "empty"),
        (text(), "empty"),
        (text("", ";;"), "empty"),
        (b"PK\x03\x04 a workbook", "binary"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "binary"),
        (b"ean;prix;date\n\x81\x8d;1;2", "binary"),
        (text("1;2;3", encoding="utf-16"), "utf16"),
        (text("1;2;3", heading="ean;prix"), "heading"),
        (text("1;2;3", heading="ean;prix;prix"), "heading"),
        (text("1;2;3", heading="nom;prix;date"), "heading"),
        (text('"1;2;3'), "quotes"),
        (text(*["1;2;3"] * 5001), "too_many"),
    ],
)
def test_a_file_that_is_none_is_refused_whole(content, code):
    with pytest.raises(PlanFileRefused) as refusal:
        read(content)

    assert refusal.value.code == code and str(PLAN_FILES[code])


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader(content):
    try:
        read(content)
    except PlanFileRefused as refusal:
        assert refusal.code in PLAN_FILES


@given(st.lists(st.text(max_size=30), min_size=3, max_size=3))
def test_no_cells_break_the_reader(cells):
    content = text(";".join(cells))
    try:
        lines = read(content)
    except PlanFileRefused as refusal:
        assert refusal.code in PLAN_FILES
        return

    assert all(line.problem in PLANS or not line.problem for line in lines)


# --- what is refused --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("9999999999994;1,99;{day}", "Aucun produit n’a ce code"),
        ("inconnu;1,99;{day}", "Aucun produit"),
        (";1,99;{day}", "Aucun produit"),
        ("3,25E+12;1,99;{day}", "Aucun produit"),
        ("{ean};-1;{day}", "Un prix va de"),
        ("{ean};0;{day}", "Un prix va de"),
        ("{ean};1,999;{day}", "Un prix va de"),
        ("{ean};10000;{day}", "Un prix va de"),
        ("{ean};NaN;{day}", "Un prix va de"),
        ("{ean};;{day}", "Un prix va de"),
        ("{ean};=1+1;{day}", "Un prix va de"),
        ("{ean};1,99;01/01/2020", "déjà passé"),
        ("{ean};1,99;hier", "Date illisible"),
        ("{ean};1,99;31/02/2027", "Date illisible"),
        ("{ean};1,99;", "Date illisible"),
        ("{ean};1,99;28/03/2027 02:30", "Aucune horloge"),
        ("{ean};1,99;31/10/2027 02:30", "Aucune horloge"),
        ("{ean};1,99;01/01/0001", "déjà passé"),
        ("{ean};1,99;31/12/9999", "deux ans à l’avance"),
        ("{ean};1,99", "Trois cellules"),
        ("{ean};1,99;{day};plus", "Trois cellules"),
    ],
)
def test_a_faulty_line_is_named_and_leaves_the_good_ones_unplanned(yoghurt, line, words):
    other = ProductFactory()

    told = refused(f"{other.ean};2,00;{DAY}", line.format(ean=yoghurt.ean, day=DAY))

    assert [number for number, _words in told] == [3]
    assert words in told[0][1]


def test_every_faulty_line_is_named(yoghurt):
    assert [number for number, _words in refused("a;1;x", f"{yoghurt.ean};1;{DAY}", "b;1;x", "c;-1;y")] == [
        2, 4, 5,
    ]  # fmt: skip


def test_one_instant_twice_in_the_file_is_refused(yoghurt):
    told = refused(f"{yoghurt.ean};1,99;{DAY}", f"yaourt-nature;1,89;{DAY} 00:00")

    assert told == [(3, "Même article et même instant qu’à la ligne 2.")]


def test_one_product_may_have_several_instants(yoghurt):
    lines = read(text(f"{yoghurt.ean};1,99;{DAY}", f"{yoghurt.ean};1,89;{DAY} 08:00"))

    assert len(services.plan_prices(lines=lines)) == 2


def test_an_instant_already_planned_is_refused_and_a_cancelled_one_is_free(yoghurt):
    lines = read(text(f"{yoghurt.ean};1,99;{DAY}"))
    [plan] = services.plan_prices(lines=lines)

    assert "déjà prévu" in refused(f"{yoghurt.ean};1,50;{DAY}")[0][1]

    services.cancel_planned_price(plan_id=plan.pk)
    assert len(services.plan_prices(lines=lines)) == 1


def test_somebody_quicker_leaves_nothing_half_planned(yoghurt, monkeypatch):
    other = ProductFactory()
    services.plan_prices(lines=read(text(f"{yoghurt.ean};1,99;{DAY}")))
    monkeypatch.setattr(services, "planned_instants", lambda _products: set())

    with pytest.raises(services.PlanDoubled):
        services.plan_prices(lines=read(text(f"{other.ean};1,50;{DAY}", f"{yoghurt.ean};1,50;{DAY}")))

    assert PlannedPrice.objects.get().product_id == yoghurt.pk


def test_a_trial_writes_nothing(yoghurt):
    assert len(services.plan_prices(lines=read(text(f"{yoghurt.ean};1,99;{DAY}")), preview=True)) == 1
    assert not PlannedPrice.objects.exists()


def test_two_hundred_lines_cost_what_two_do(yoghurt):
    products = [yoghurt, *ProductFactory.create_batch(20)]

    def cost(number):
        lines = [
            f"{dice.choice(products).ean};1,99;{DAY} {n // 60 + 1:02}:{n % 60:02}" for n in range(number)
        ]
        with CaptureQueriesContext(connection) as captured:
            services.plan_prices(lines=read(text(*lines)))
        PlannedPrice.objects.all().delete()
        return len(captured)

    dice = random.Random(1)
    assert cost(2) == cost(200)


def test_a_price_is_planned_two_years_ahead_at_most(yoghurt):
    far = datetime(9999, 12, 31, 23, 30, tzinfo=UTC)

    with pytest.raises(services.PlanTooFar):
        services.plan_price(product_id=yoghurt.pk, price=D("1.99"), starts_at=far)

    assert not PlannedPrice.objects.exists()


# --- the page ---------------------------------------------------------------------------------------


@pytest.fixture
def buyers(db, client, monkeypatch):
    monkeypatch.setattr(engines["django"].engine, "string_if_invalid", "")
    return member(client, StaffGroup.CATALOGUE)


def member(client, group):
    seed_groups()
    user = UserFactory(staff=True)
    user.groups.add(Group.objects.get(name=group))
    client.force_login(user)
    return client


def upload(client, content, name="prix.csv", **data):
    file = SimpleUploadedFile(name, content, content_type="text/csv")
    return client.post(reverse("admin:pricing_plan_import"), data | {"file": file})


def test_staff_try_a_file_then_apply_it(buyers, yoghurt):
    content = text(f"{yoghurt.ean};1,99;{DAY}")
    page = buyers.get(reverse("admin:pricing_plan_import")).content.decode()
    listed = buyers.get(reverse("admin:pricing_plannedprice_changelist")).content.decode()

    tried = upload(buyers, content, preview="on").content.decode()
    after_trial = PlannedPrice.objects.count()
    applied = upload(buyers, content).content.decode()

    assert "Fichier CSV" in page and "Importer un fichier" in listed
    assert "rien n’a été écrit" in tried and "1 prix peut être programmé" in tried and after_trial == 0
    assert "Yaourt nature" in tried and "2,50\u00a0€" in tried and "1,99\u00a0€" in tried
    assert "1 prix programmé" in applied and PlannedPrice.objects.count() == 1


def test_staff_read_every_faulty_line(buyers, yoghurt):
    told = upload(
        buyers, text(f"{yoghurt.ean};-2;{DAY}", "<b>;1;x", f"{yoghurt.ean};1,99;{DAY}")
    ).content.decode()

    assert "Rien n’a été programmé" in told and "2 lignes sont à corriger" in told
    assert "Un prix va de" in told and "&lt;b&gt;" in told and "<td><b>" not in told
    assert not PlannedPrice.objects.exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\x00\x01\x02", "pas un fichier de texte"),
        (text(), "aucun prix"),
        (b"x" * (MOST_BYTES + 1), "dépasse 1"),
        (b"", "vide"),
    ],
)
def test_staff_read_what_is_wrong_with_the_file(buyers, yoghurt, content, words):
    assert words in upload(buyers, content).content.decode()


@pytest.mark.parametrize("group", [StaffGroup.MARKETING, StaffGroup.CUSTOMER_SERVICE])
def test_who_may_not_plan_imports_nothing(client, yoghurt, group):
    member(client, group)

    assert client.get(reverse("admin:pricing_plan_import")).status_code == 403
    assert upload(client, text(f"{yoghurt.ean};1,99;{DAY}")).status_code == 403
    assert not PlannedPrice.objects.exists()
