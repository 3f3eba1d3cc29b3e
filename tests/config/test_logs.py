import json
import logging

import pytest
from django.test import Client

from config import logs
from config.logs import JsonFormatter


def line(message, *args, exc_info=None):
    record = logging.LogRecord("shop.orders", logging.WARNING, __file__, 1, message, args, exc_info)
    return json.loads(JsonFormatter().format(record))


def test_line_is_one_json_object_with_the_requests_id():
    token = logs.request_id.set("abc-12345")
    try:
        entry = line("order %s placed\nsecond line", "AB-1")
    finally:
        logs.request_id.reset(token)

    assert entry["message"] == "order AB-1 placed\nsecond line"
    assert entry["request_id"] == "abc-12345"
    assert entry["level"] == "WARNING"
    assert entry["logger"] == "shop.orders"
    assert entry["at"].endswith("+00:00")
    assert "\n" not in JsonFormatter().format(logging.LogRecord("x", 30, "", 1, "a\nb", None, None))


@pytest.mark.parametrize(
    ("message", "secret"),
    [
        ("letter to elodie.martin+courses@exemple.fr refused", "elodie"),
        ("GET /suivi/6yXf2kq0pQ3nL1aZb9cD/ failed", "6yXf2kq0pQ3nL1aZb9cD"),
        ("GET /suivi/court/annuler/ failed", "court"),
        ("GET /commande/paiement/6yXf2kq0pQ3nL1aZb9cD/", "6yXf2kq0pQ3nL1aZb9cD"),
        ("GET /commande/retour/0f3c9a7e?session_id=1", "0f3c9a7e"),
        ("https://cabas.example/paiement/demo/demo_Zb9cD-x/ (500)", "demo_Zb9cD-x"),
        ("GET /accounts/password/reset/key/1-c9a7e0f3/", "1-c9a7e0f3"),
        ("GET /accounts/confirm-email/MQ:1vaB:x_y/", "MQ:1vaB:x_y"),
        ('"/aide/recu/MTI:1vaB:x_y/" failed', "MTI:1vaB:x_y"),
        ("GET /r/6yXf2kq0/", "6yXf2kq0"),
        ("GET /desabonnement/MTI:1vaB:x_y/", "MTI:1vaB:x_y"),
        ("GET /preferences/MTI:1vaB:x_y", "MTI:1vaB:x_y"),
        ("call 06 12 34 56 78", "34 56"),
        ("call 0612345678", "0612345678"),
    ],
)
def test_personal_data_that_slips_in_is_masked(message, secret):
    entry = line("%s", message)

    assert secret not in entry["message"]
    assert "[masqué]" in entry["message"]


@pytest.mark.parametrize(
    "address",
    ["/commandes/CAB-2F7K9/", "/rayons/fruits/", "/aide/", "/commande/paiement/", "/suivi/", "/paiement/"],
)
def test_an_address_that_opens_nothing_stays_readable(address):
    assert line("GET %s failed", address)["message"] == f"GET {address} failed"


def test_what_surrounds_a_key_stays_readable():
    said = line("POST /suivi/6yXf2kq0pQ3nL1aZb9cD/annuler/ 429")["message"]

    assert said == "POST /suivi/[masqué]/annuler/ 429"


def test_personal_data_in_an_exception_is_masked():
    try:
        raise ValueError("Key (email)=(elodie@exemple.fr) already exists.")
    except ValueError as fault:
        entry = line("failed", exc_info=(type(fault), fault, fault.__traceback__))

    assert "ValueError" in entry["exception"]
    assert "elodie" not in entry["exception"]


@pytest.mark.django_db
def test_request_id_of_the_proxy_is_echoed():
    assert Client().get("/sante/", headers={"X-Request-ID": "a1b2c3d4-e5"})["X-Request-ID"] == "a1b2c3d4-e5"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "hostile", ["", "court", "x" * 65, "a b c d e f g h", 'x"}\r\nSet-Cookie: a=b', "é" * 10 + "\u202e"]
)
def test_request_id_that_is_not_sane_is_replaced(hostile):
    given = Client().get("/sante/", headers={"X-Request-ID": hostile})["X-Request-ID"]

    assert given != hostile
    assert len(given) == 32


@pytest.mark.django_db
def test_each_request_has_its_own_id_and_leaves_none_behind():
    first, second = (Client().get("/sante/")["X-Request-ID"] for _ in range(2))

    assert first != second
    assert logs.request_id.get() == "-"
