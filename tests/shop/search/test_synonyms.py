import pytest
from django.urls import reverse

from shop.search.admin import SynonymForm
from shop.search.models import KnownWord, Synonym, SynonymPhrase
from shop.search.synonyms import SynonymRefused, delete_synonym, save_synonym, seed_synonyms
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
ONE, TWO = Synonym.Direction.ONE_WAY, Synonym.Direction.TWO_WAY


def teach(typed, meant, direction=ONE, **fields):
    return save_synonym(synonym=Synonym(typed=typed, meant=meant, direction=direction, **fields))


def phrases():
    return {phrase.stems: phrase.meanings for phrase in SynonymPhrase.objects.all()}


def test_one_way_widens_what_is_typed_and_nothing_else():
    teach("coca, Coca-Cola", "cola")

    found = phrases()
    assert len(found) == 2
    assert {len(meanings) for meanings in found.values()} == {1}
    assert found.keys().isdisjoint(meaning for meanings in found.values() for meaning in meanings)


def test_two_ways_widen_each_by_all_the_others():
    teach("bio", "biologique, agriculture biologique", TWO)

    found = phrases()
    assert len(found) == 3
    assert all(len(others) == 2 and own not in others for own, others in found.items())


@pytest.mark.parametrize(
    ("typed", "meant", "direction", "reason"),
    [
        ("", "cola", ONE, "empty"),
        (", ,", "cola", ONE, "empty"),
        ("de la", "cola", ONE, "empty"),
        ("coca", "!!!", ONE, "empty"),
        ("k", "cola", ONE, "short"),
        ("un deux trois quatre cinq six", "cola", ONE, "long"),
        ("colas", "cola", ONE, "itself"),
        ("café", "cafes", TWO, "itself"),
        ("soda, cola", "cola", ONE, "itself"),
        ("pepsi", "boisson", ONE, "taken"),
        ("cola", "pepsi", ONE, "loop"),
        ("soda", "pepsi", ONE, "chain"),
    ],
)
def test_synonym_that_makes_no_sense_is_refused(typed, meant, direction, reason):
    teach("pepsi", "cola")
    before = phrases()

    with pytest.raises(SynonymRefused) as refused:
        teach(typed, meant, direction)

    assert refused.value.reason == reason
    assert reason != "empty" or refused.value.phrase == (meant if typed == "coca" else typed).strip()
    assert (Synonym.objects.count(), phrases()) == (1, before)


def test_suspended_synonym_teaches_nothing_and_takes_no_place():
    synonym = teach("pepsi", "cola")

    synonym.is_active = False
    save_synonym(synonym=synonym)

    assert phrases() == {}
    assert not KnownWord.objects.filter(word="pepsi").exists()
    assert teach("pepsi", "boisson").pk


def test_deleted_synonym_is_forgotten_with_its_words():
    synonym = teach("pepsi", "cola")
    assert KnownWord.objects.get(word="pepsi").in_synonym

    delete_synonym(synonym=synonym)

    assert phrases() == {}
    assert not KnownWord.objects.exists()


def test_shipped_synonyms_are_many_and_change_nothing_of_what_staff_taught():
    teach("sopalin", "torchon")

    seed_synonyms()
    count = Synonym.objects.count()
    seed_synonyms()

    assert Synonym.objects.count() == count >= 45
    assert Synonym.objects.get(typed="sopalin").meant == "torchon"
    assert not Synonym.objects.filter(typed__startswith="sopalin,").exists()


# --- in the admin ---------------------------------------------------------------------------------


@pytest.fixture
def staff(client):
    client.force_login(UserFactory(staff=True, is_superuser=True))
    return client


def send(client, typed, meant, direction="one_way"):
    data = {"typed": typed, "meant": meant, "direction": direction, "is_active": "on"}
    return client.post(reverse("admin:search_synonym_add"), data)


def test_staff_teach_and_forget_a_synonym(staff):
    assert send(staff, "coca", "cola").status_code == 302
    synonym = Synonym.objects.get()
    assert len(phrases()) == 1

    page = reverse("admin:search_synonym_delete", args=[synonym.pk])
    staff.post(page, {"post": "yes"})

    assert phrases() == {}


@pytest.mark.parametrize(
    ("typed", "meant", "said"),
    [
        ("pepsi", "soda", "a déjà un synonyme"),
        ("cola", "pepsi", "ce serait une boucle"),
        ("soda", "pepsi", "lui-même un mot tapé"),
        ("colas", "cola", "se renvoie à lui-même"),
        ("k", "cola", "trop court"),
        ("le la", "cola", "aucun mot à chercher"),
    ],
)
def test_refusal_is_said_in_french(typed, meant, said):
    teach("pepsi", "cola")

    form = SynonymForm({"typed": typed, "meant": meant, "direction": "one_way", "is_active": "on"})

    assert not form.is_valid()
    assert said in str(form.non_field_errors())


def test_synonym_may_be_saved_again_unchanged(staff):
    synonym = teach("pepsi", "cola")

    page = reverse("admin:search_synonym_change", args=[synonym.pk])
    data = {"typed": "pepsi", "meant": "cola, soda", "direction": "one_way", "is_active": "on"}

    assert staff.post(page, data).status_code == 302
    assert Synonym.objects.get().meant == "cola, soda"
