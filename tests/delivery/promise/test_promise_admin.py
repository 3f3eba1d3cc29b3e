"""Staff read promises, decide by right, and write rules after seeing what the past would have cost."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from config.dashboard import compensations_to_decide
from config.staff import StaffGroup, seed_groups
from delivery.promise import ports, services
from delivery.promise.models import Compensation, Decision, RuleVersion
from tests.delivery.promise.promising import an_hour_ago, arrived, decided, opened, packed, rule
from tests.factories import PickupPointFactory, UserFactory, ZoneFactory

pytestmark = pytest.mark.django_db
BOUNDED = {"most_per_week_cents": 100_000}


def member(group):
    seed_groups()
    client, user = Client(), UserFactory(staff=True)
    user.groups.add(Group.objects.get(name=group.value))
    client.force_login(user)
    return client


@pytest.fixture
def service():
    return member(StaffGroup.CUSTOMER_SERVICE)


@pytest.fixture
def direction():
    return member(StaffGroup.MANAGER)


def read(answer):
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


def listed(client, model, **asked):
    return read(client.get(reverse(f"admin:promise_{model}_changelist"), asked))


def page(client, model, pk):
    return read(client.get(reverse(f"admin:promise_{model}_change", args=[pk])))


# --- what is read ---------------------------------------------------------------------------------


def test_promises_are_found_by_what_became_of_them(service):
    kept = arrived(packed(opened("CB-TENUE")))
    arrived(packed(opened("CB-TARD")), minutes=5)
    arrived(packed(opened("CB-MANQUE"), missing=2, told=1))
    packed(opened("CB-MUETTE"))
    unready = opened("CB-RETRAIT", is_collect=True, zone=PickupPointFactory())
    packed(unready, at=unready.slot_starts_at + timedelta(minutes=5))

    def found(**asked):
        text = listed(service, "outcome", **asked)
        names = ["CB-TENUE", "CB-TARD", "CB-MANQUE", "CB-MUETTE", "CB-RETRAIT"]
        return [name for name in names if name in text]

    assert found(ponctualite="retard") == ["CB-TARD"]
    assert found(ponctualite="pas-pretes") == ["CB-RETRAIT"]
    assert found(ponctualite="sans-nouvelles") == ["CB-MUETTE"]
    assert found(contenu="incomplete") == found(contenu="manquants") == ["CB-MANQUE"]
    assert found(zone__id__exact=str(ZoneFactory().pk)) == ["CB-TENUE", "CB-TARD", "CB-MANQUE", "CB-MUETTE"]
    week = timezone.localdate(kept.slot_starts_at)
    assert "CB-TENUE" in found(semaine=f"{week - timedelta(days=week.weekday()):%Y-%m-%d}")
    assert len(found(semaine="n’importe quoi")) == 5


def test_a_promise_shows_what_was_decided_given_and_said(service):
    rule()
    outcome = arrived(packed(opened()), minutes=5)
    decided(outcome)

    text = page(service, "outcome", outcome.pk)

    assert "5 minutes de retard, plus de 0, bon de 5,00\u00a0€." in text and "cabas" in text


def test_lists_cost_no_more_queries_for_more_rows(service, django_assert_max_num_queries):
    rule()
    addresses = [
        reverse(f"admin:promise_{model}_changelist")
        for model in ("outcome", "decision", "compensation", "rule")
    ]

    def costs():
        found = []
        for address in addresses:
            with django_assert_max_num_queries(20) as captured:
                read(service.get(address))
            found.append(len(captured))
        return found

    decided(arrived(packed(opened()), minutes=5))
    before = costs()
    for n in range(4):
        decided(arrived(packed(opened()), minutes=5))
        rule(f"autre-{n}", is_on=False)

    assert costs() == before


@pytest.mark.parametrize(
    "group", [StaffGroup.PICKING, StaffGroup.COURIER, StaffGroup.MARKETING, StaffGroup.CATALOGUE]
)
def test_whoever_answers_no_customer_reads_no_promise(group):
    client = member(group)

    for model in ("outcome", "decision", "compensation", "rule"):
        assert client.get(reverse(f"admin:promise_{model}_changelist")).status_code == 403


def test_nothing_is_typed_over(direction):
    rule()
    outcome = arrived(packed(opened()), minutes=5)
    [given] = decided(outcome)

    for model, pk in [("outcome", outcome.pk), ("compensation", given.pk), ("decision", given.decision_id)]:
        assert direction.get(reverse(f"admin:promise_{model}_add")).status_code == 403
        assert direction.post(reverse(f"admin:promise_{model}_delete", args=[pk])).status_code == 403
        assert direction.post(reverse(f"admin:promise_{model}_change", args=[pk])).status_code == 403


# --- what staff decide ----------------------------------------------------------------------------


@pytest.fixture
def waiting():
    rule(most_per_week_cents=1)
    [made] = decided(arrived(packed(opened()), minutes=5))
    return made


def act(client, waiting, what, **typed):
    address = reverse(f"admin:promise_compensation_{what}", args=[waiting.pk])
    return client.post(address, typed, follow=True)


def test_staff_grant_what_waits_for_them(service, waiting):
    assert waiting.order_reference in listed(service, "compensation", suite="a-decider")
    assert "plafond de la semaine" in page(service, "compensation", waiting.pk)

    act(service, waiting, "grant", why="our_fault")

    waiting.refresh_from_db()
    assert waiting.state == "granted"
    assert waiting.order_reference not in listed(service, "compensation", suite="a-decider")
    assert LogEntry.objects.filter(object_id=str(waiting.pk)).exists()


def test_staff_refuse_for_a_reason(service, waiting):
    answer = act(service, waiting, "refuse", why="")
    assert "Choisissez une raison." in read(answer)

    act(service, waiting, "refuse", why="wrong_data")

    waiting.refresh_from_db()
    assert waiting.state == "refused" and Decision.objects.first().why == "wrong_data"


def test_staff_take_up_again_what_failed(service, waiting):
    services.grant_by_staff(compensation_id=waiting.pk, why="goodwill", by_id=UserFactory(staff=True).pk)
    services.note_failed(compensation_id=waiting.pk, because="NothingToRefund")
    assert "avait déjà été remboursée" in page(service, "compensation", waiting.pk)

    act(service, waiting, "try_again")

    waiting.refresh_from_db()
    assert waiting.state == "granted"


def test_what_is_decided_is_not_offered_again(service, waiting):
    act(service, waiting, "grant", why="our_fault")

    for what in ("grant", "refuse", "try_again"):
        answer = service.post(
            reverse(f"admin:promise_compensation_{what}", args=[waiting.pk]), {"why": "our_fault"}
        )
        assert answer.status_code == 403

    assert Decision.objects.filter(verdict="granted").count() == 1


def test_a_look_alone_decides_nothing(waiting):
    client, user = Client(), UserFactory(staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_compensation"))
    client.force_login(user)

    for what in ("grant", "refuse"):
        address = reverse(f"admin:promise_compensation_{what}", args=[waiting.pk])
        assert client.post(address, {"why": "our_fault"}).status_code == 403

    waiting.refresh_from_db()
    assert waiting.state == "to_decide"


def test_the_admins_home_says_how_many_wait(waiting):
    block = compensations_to_decide(None)

    assert block.figure == "1" and block.is_alert


# --- rules ----------------------------------------------------------------------------------------


@pytest.fixture
def retard():
    return rule(late_minutes=30, **BOUNDED)


WANTED = {
    "is_on": "on", "trigger": "late", "late_minutes": "20", "audience": "everybody", "remedy": "voucher",
    "amount": "4,50", "most_per_week": "1\u202f000",
}  # fmt: skip


def version_page(client, retard, **typed):
    return client.post(reverse("admin:promise_version", args=[retard.pk]), typed, follow=True)


def late_yesterday(*minutes):
    ends = an_hour_ago() - timedelta(days=2)
    for late in minutes:
        arrived(packed(opened(ends_at=ends)), minutes=late)


def test_a_version_is_seen_on_the_past_before_it_holds(direction, retard):
    late_yesterday(25, 40)

    text = read(version_page(direction, retard, **WANTED))

    assert "2 compensations, 9,00\u00a0€" in text and "25 minutes de retard, plus de 20" in text
    assert 'name="seen-number" value="2"' in text and 'name="seen-cents" value="900"' in text
    assert retard.versions.count() == 1

    version_page(direction, retard, confirm="1", **WANTED, **{"seen-number": "2", "seen-cents": "900"})

    made = retard.versions.get(number=2)
    assert (made.late_minutes, made.amount_cents, made.most_per_week_cents) == (20, 450, 100_000)
    assert (made.simulated_number, made.simulated_cents) == (2, 900)
    assert "2, 9,00\u00a0€" in page(direction, "rule", retard.pk)


@pytest.mark.parametrize("seen", [{}, {"seen-number": "0", "seen-cents": "0"}, {"seen-number": "x"}])
def test_confirmed_unseen_it_is_shown_and_not_written(direction, retard, seen):
    late_yesterday(25)

    text = read(version_page(direction, retard, confirm="1", **WANTED, **seen))

    assert "Le passé a changé" in text and "1 compensation, 4,50\u00a0€" in text
    assert retard.versions.count() == 1


def test_without_a_limit_it_is_refused_with_what_it_would_have_cost(direction, retard):
    late_yesterday(25, 40)

    text = read(version_page(direction, retard, **WANTED | {"most_per_week": ""}))

    assert "pourrait payer sans limite" in text and "2 compensations, 9,00\u00a0€" in text
    assert "Mettre en vigueur" not in text and retard.versions.count() == 1


def test_a_remedy_that_nobody_carries_out_is_refused(direction, retard):
    text = read(version_page(direction, retard, **WANTED | {"remedy": "gift"}))

    assert "ne sait encore faire «\u202fcadeau\u202f»" in text and retard.versions.count() == 1


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"late_minutes": ""}, "Combien de minutes"),
        ({"late_minutes": "-5"}, "supérieur"),
        ({"late_minutes": "beaucoup"}, "nombre entier"),
        ({"trigger": "incomplete"}, "À partir de combien d’articles"),
        ({"amount": ""}, "De quel montant"),
        ({"amount": "100,01"}, "Le plus grand nombre possible est 100."),
        ({"amount": "1e3"}, "Saisissez un nombre"),
        ({"if_free": "next_delivery"}, "Seulement pour une livraison remboursée."),
        ({"most_per_customer": "2"}, "vont ensemble"),
        ({"group": "deux mots"}, "Des lettres, des chiffres et des tirets."),
        ({"starts_at": "2020-01-01T08:00"}, "Cette date est passée"),
        ({"starts_at": "demain"}, "Une date et une heure"),
        ({"remedy": "rien"}, "Sélectionnez un choix valide"),
    ],
    ids=str,
)
def test_what_cannot_be_is_said_at_its_field_and_nothing_is_written(direction, retard, typed, said):
    text = read(version_page(direction, retard, **WANTED | typed, confirm="1"))

    assert said in text and retard.versions.count() == 1


def test_the_form_starts_from_what_holds_today(direction, retard):
    text = read(direction.get(reverse("admin:promise_version", args=[retard.pk])))

    assert 'name="late_minutes" value="30"' in text and 'value="5"' in text
    assert "Rejouer sur le passé" in text


def test_a_rule_says_why_it_does_not_hold_yet(service, monkeypatch):
    monkeypatch.setattr(ports, "_bound", ports.carried_out() - {"call"})
    services.seed_rules()

    text = listed(service, "rule")

    assert "en attente\u202f: personne ne fait encore «\u202fappel dans l’heure\u202f»" in text
    assert (
        "plus de 30 minutes de retard\u202f: livraison remboursée, la prochaine si elle était offerte" in text
    )
    assert "3 fois par client sur 30 jours" in text


def test_customer_service_reads_rules_and_writes_none(service, retard):
    assert "plus de 30 minutes" in page(service, "rule", retard.pk)

    assert service.get(reverse("admin:promise_version", args=[retard.pk])).status_code == 403
    assert version_page(service, retard, **WANTED).status_code == 403
    assert RuleVersion.objects.count() == 1 and not Compensation.objects.exists()


def test_no_rule_no_page(direction):
    assert direction.get(reverse("admin:promise_version", args=[999])).status_code == 404
