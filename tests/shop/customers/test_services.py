import threading
from datetime import date

import pytest
from allauth.account.models import EmailAddress
from django.db import DatabaseError, IntegrityError, connections, transaction
from django.db.models.deletion import ProtectedError

from shop.customers import queries, rules, services
from shop.customers.models import Address, Consent, Customer, User
from tests.factories import AddressFactory, CustomerFactory, UserFactory

pytestmark = pytest.mark.django_db


# --- rules ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "written",
    [
        "0612345678",
        "06 12 34 56 78",
        "06.12.34.56.78",
        "+33612345678",
        "+33 (0)6 12 34 56 78",
        "0033 6-12-34-56-78",
        "06\u202f12\u00a034 56 78",
    ],
)
def test_a_french_number_is_read_however_it_is_written(written):
    assert rules.normalise_phone(written) == "0612345678"


@pytest.mark.parametrize(
    "written",
    ["12", "0012345678", "+44 20 7946 0958", "٠٦١٢٣٤٥٦٧٨", "06123456789", "téléphone", "06 12 34 56 7a"],
)
def test_anything_else_is_not_a_french_number(written):
    with pytest.raises(rules.PhoneInvalid):
        rules.normalise_phone(written)


def test_no_number_is_a_number_left_out():
    assert rules.normalise_phone("  ") == ""


def test_a_line_loses_what_cannot_be_seen():
    assert rules.clean_line("  Zo\u0065\u0301\x00 \u202e🥕\r\nBcc: x ") == "Zoé 🥕 Bcc: x"


@pytest.mark.parametrize(
    ("born", "day", "years"),
    [
        (date(2008, 11, 26), date(2026, 11, 26), 18),
        (date(2008, 11, 27), date(2026, 11, 26), 17),
        (date(2008, 2, 29), date(2026, 2, 28), 17),
        (date(2008, 2, 29), date(2026, 3, 1), 18),
    ],
)
def test_age_grows_on_the_birthday_and_on_1_march_for_a_leap_day(born, day, years):
    assert rules.age_on(born, day) == years


@pytest.mark.parametrize("birth_on", [date(2026, 11, 27), date(1905, 1, 1)])
def test_nobody_is_born_tomorrow_or_two_lives_ago(birth_on):
    with pytest.raises(rules.BirthDateImplausible):
        rules.check_birth(birth_on, today=date(2026, 11, 26))


# --- the party behind a login --------------------------------------------------------------------


def test_a_login_has_one_customer():
    user = UserFactory()

    first, second = services.customer_for_user(user), services.customer_for_user(user)

    assert first == second
    assert first.email == user.email


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_two_requests_at_once_get_the_same_customer():
    user = UserFactory()
    start, found = threading.Barrier(8), []

    def ask():
        try:
            start.wait(10)
            found.append(services.customer_for_user(User.objects.get(pk=user.pk)).pk)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert len(found) == 8
    assert len(set(found)) == 1
    assert Customer.objects.count() == 1


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_control_looking_before_creating_breaks_on_the_second_request():
    user = UserFactory()
    looked, faults = threading.Barrier(2), []

    def ask():
        try:
            assert not Customer.objects.filter(user=user).exists()
            looked.wait(10)
            Customer.objects.create(user=user, email=user.email)
        except IntegrityError as fault:
            faults.append(fault)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert len(faults) == 1


def test_a_guest_is_always_somebody_new():
    first = services.create_guest(
        email="Zoe@Exemple.fr", first_name="Zoé", last_name="B", phone="06 12 34 56 78"
    )
    second = services.create_guest(email="zoe@exemple.fr")

    assert first != second
    assert (first.email, first.phone) == ("zoe@exemple.fr", "0612345678")
    assert first.user is None


def test_two_spellings_of_one_address_are_refused_by_the_database():
    with pytest.raises(IntegrityError), transaction.atomic():
        Customer.objects.create(email="Zoe@Exemple.fr")


# --- guests found again --------------------------------------------------------------------------


def verified(user):
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def test_guests_of_a_proven_address_are_found_again():
    customer = CustomerFactory(first_name="", phone="")
    guest = CustomerFactory(guest=True, email=customer.email, first_name="Lou", phone="0611111111")
    later = CustomerFactory(guest=True, email=customer.email, first_name="Louise", phone="")
    stranger = CustomerFactory(guest=True, email="autre@exemple.fr")
    address = AddressFactory(customer=guest, is_default=True)
    verified(customer.user)

    assert services.attach_verified_guests(customer.user) == 2

    customer.refresh_from_db()
    assert set(queries.customer_ids(customer)) == {customer.pk, guest.pk, later.pk}
    assert (customer.first_name, customer.phone) == ("Louise", "0611111111")
    address.refresh_from_db()
    assert address.customer == customer
    stranger.refresh_from_db()
    assert stranger.merged_into is None
    assert services.attach_verified_guests(customer.user) == 0


def test_what_the_customer_wrote_wins_over_the_guest():
    customer = CustomerFactory(first_name="Élodie")
    CustomerFactory(guest=True, email=customer.email, first_name="Autre")
    verified(customer.user)

    services.attach_verified_guests(customer.user)

    customer.refresh_from_db()
    assert customer.first_name == "Élodie"


def test_no_guest_declares_a_customer_of_age():
    customer = CustomerFactory(last_name="")
    CustomerFactory(guest=True, email=customer.email, birth_on=date(1980, 12, 31), last_name="Roy")
    verified(customer.user)

    services.attach_verified_guests(customer.user)

    customer.refresh_from_db()
    assert (customer.last_name, customer.birth_on) == ("Roy", None)


def test_an_unproven_address_finds_nothing():
    customer = CustomerFactory()
    guest = CustomerFactory(guest=True, email=customer.email)
    EmailAddress.objects.create(user=customer.user, email=customer.email, verified=False, primary=True)

    assert services.attach_verified_guests(customer.user) == 0

    guest.refresh_from_db()
    assert guest.merged_into is None


def test_another_customers_guests_stay_theirs():
    mine, theirs = CustomerFactory(), CustomerFactory()
    guest = CustomerFactory(guest=True, email=theirs.email)
    verified(mine.user), verified(theirs.user)
    services.attach_verified_guests(theirs.user)

    assert services.attach_verified_guests(mine.user) == 0
    assert queries.customer_ids(mine) == [mine.pk]
    assert guest.pk in queries.customer_ids(theirs)


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_guests_are_merged_once_by_many_sign_ins():
    customer = CustomerFactory()
    CustomerFactory.create_batch(5, guest=True, email=customer.email)
    verified(customer.user)
    start, merged = threading.Barrier(6), []

    def sign_in():
        try:
            start.wait(10)
            merged.append(services.attach_verified_guests(User.objects.get(pk=customer.user_id)))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=sign_in) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert sum(merged) == 5
    assert len(queries.customer_ids(customer)) == 6


# --- details, consent, addresses -----------------------------------------------------------------


def test_a_wrong_number_changes_nothing():
    customer = CustomerFactory()

    with pytest.raises(rules.PhoneInvalid):
        services.update_details(
            customer_id=customer.pk, first_name="X", last_name="Y", phone="12", birth_on=None
        )

    customer.refresh_from_db()
    assert customer.first_name == "Élodie"


def consent(customer, is_granted):
    return services.record_consent(
        customer_id=customer.pk, purpose="letters", is_granted=is_granted, wording="Oui ?", source="test"
    )


def test_the_last_answer_counts_and_never_asked_is_no():
    customer = CustomerFactory()
    assert not queries.has_consent(customer.pk, "letters")

    consent(customer, True)
    assert queries.has_consent(customer.pk, "letters")

    consent(customer, False)
    assert not queries.has_consent(customer.pk, "letters")


def merged_guest(customer, is_granted):
    """Somebody orders under the customer's address and answers; the customer signs in later."""
    guest = CustomerFactory(guest=True, email=customer.email)
    consent(guest, is_granted)
    if not queries.verified_emails(customer.user):
        verified(customer.user)
    services.attach_verified_guests(customer.user)
    return guest


def test_a_guests_yes_subscribes_nobody_who_never_said_so():
    customer = CustomerFactory()

    merged_guest(customer, True)

    assert queries.latest_consent(customer.pk, "letters") is None
    assert not queries.has_consent(customer.pk, "letters")


def test_a_guests_refusal_counts_for_the_customer_they_became():
    customer = CustomerFactory()

    merged_guest(customer, False)

    assert queries.latest_consent(customer.pk, "letters").is_granted is False


@pytest.mark.parametrize("said", [True, False])
def test_a_merged_guest_answers_as_the_customer_they_became(said):
    customer = CustomerFactory()
    guest = merged_guest(customer, not said)

    consent(customer, said)

    assert queries.has_consent(guest.pk, "letters") is said


def test_a_guest_who_never_merged_answers_for_themselves():
    guest, customer = CustomerFactory(guest=True), CustomerFactory()

    consent(guest, True)

    assert queries.has_consent(guest.pk, "letters")
    assert not queries.has_consent(customer.pk, "letters")


def test_a_stranger_who_orders_under_an_address_undoes_no_refusal():
    customer = CustomerFactory()
    consent(customer, False)

    merged_guest(customer, True)

    assert not queries.has_consent(customer.pk, "letters")
    assert queries.latest_consent(customer.pk, "letters").customer == customer


def test_a_customer_may_say_yes_after_a_guests_no():
    customer = CustomerFactory()
    merged_guest(customer, False)

    consent(customer, True)

    assert queries.has_consent(customer.pk, "letters")


def test_among_guests_a_refusal_outweighs_a_later_yes():
    customer = CustomerFactory()
    merged_guest(customer, False)
    merged_guest(customer, True)

    assert not queries.has_consent(customer.pk, "letters")


def test_proof_is_never_rewritten():
    answer = consent(CustomerFactory(), True)

    with pytest.raises(DatabaseError), transaction.atomic():
        Consent.objects.filter(pk=answer.pk).update(is_granted=False)
    with pytest.raises((DatabaseError, ProtectedError)), transaction.atomic():
        answer.delete()

    assert Consent.objects.get().is_granted


def test_an_address_of_another_customer_is_unknown():
    mine, other = CustomerFactory(), AddressFactory(city="Lyon")

    with pytest.raises(services.AddressUnknown):
        services.save_address(customer_id=mine.pk, address_id=other.pk, city="Paris")
    with pytest.raises(services.AddressUnknown):
        services.remove_address(customer_id=mine.pk, address_id=other.pk)

    other.refresh_from_db()
    assert other.city == "Lyon"


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_two_tabs_never_make_two_usual_addresses():
    customer = CustomerFactory()
    start, faults = threading.Barrier(6), []

    def save():
        try:
            start.wait(10)
            services.save_address(
                customer_id=customer.pk, line1="1 rue X", postcode="75011", city="Paris", is_default=True
            )
        except Exception as fault:
            faults.append(fault)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=save) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert not faults
    assert Address.objects.filter(customer=customer).count() == 6
    assert Address.objects.filter(customer=customer, is_default=True).count() == 1


# --- logins --------------------------------------------------------------------------------------


def test_a_login_made_by_staff_has_no_password_and_an_unproven_address():
    user = services.create_login(email="Marie@Cabas.example", is_staff=True)

    assert not user.has_usable_password()
    assert user.email == "marie@cabas.example"
    assert not EmailAddress.objects.get(user=user).verified
    with pytest.raises(services.EmailTaken):
        services.create_login(email="marie@cabas.example")


def test_a_password_nobody_proved_is_dropped():
    user = UserFactory()

    services.confirm_email(user, password_is_unproven=True)

    user.refresh_from_db()
    assert not user.has_usable_password()
