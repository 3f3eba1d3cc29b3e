"""Letters for tests, and a mail server that really speaks SMTP."""

import asyncio
import contextlib
import time
from datetime import date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from zoneinfo import ZoneInfo

from aiosmtpd.controller import Controller
from django.db import transaction
from django.utils import timezone

from crm.outbox.models import Message
from crm.outbox.services import queue_message

PARIS = ZoneInfo("Europe/Paris")


def order_context(**changes):
    """What `shop.orders.queries.letter_context` gives for one order."""
    slot = SimpleNamespace(
        starts_at=datetime(2026, 11, 26, 19, tzinfo=PARIS), ends_at=datetime(2026, 11, 26, 20, tzinfo=PARIS)
    )
    context = {
        "reference": "CB-2F7K9",
        "first_name": "Élodie",
        "slot": slot,
        "lines": [
            {
                "name": "Comté AOP 12 mois",
                "quantity_label": "2 × 200 g",
                "total": Decimal("9.80"),
                "promotion": "",
                "discount": Decimal("0.00"),
                "if_missing": "",
            },
            {
                "name": "Pommes Gala",
                "quantity_label": "1,5 kg",
                "total": Decimal("1234.50"),
                "promotion": "Fruits de saison : −20 %",
                "discount": Decimal("308.63"),
                "if_missing": "ne pas le livrer, ne pas le payer",
            },
        ],
        "goods_total": Decimal("1244.30"),
        "full_goods_total": Decimal("1552.93"),
        "discount_total": Decimal("308.63"),
        "delivery_fee": Decimal("0.00"),
        "deposit_total": Decimal("0.20"),
        "total": Decimal("1244.50"),
        "most": Decimal("1367.95"),
        "weighing_margin": Decimal("123.45"),
        "vat": [{"rate": Decimal("5.5"), "vat": Decimal("64.88")}],
        "tracking_path": "/suivi/jeton-de-suivi-1234567890/",
        "address_lines": ["12 rue des Lilas", "75011 Paris"],
        "cutoff_at": datetime(2026, 11, 26, 15, tzinfo=PARIS),
        "recipient": "elodie@exemple.fr",
        "customer_id": None,
        "pay_path": "/commande/paiement/jeton-de-suivi-1234567890/",
        "if_missing": "me demander",
        "place": None,
        "pickup_code": "",
        "is_ready": False,
        "requires_age_check": False,
        "for_want_of_payment": False,
        "for_want_of_article": "",
        "nothing_left": False,
        "was_authorised": True,
    }
    return context | changes


ANSWER_PATH = "/reponse/jeton-de-reponse-1234567890/"


def shortage_context(**changes):
    """What `shop.orders.questions.question_letter` gives for one question."""
    context = {
        "name": "Brie",
        "sentence": "Il manquera 2 Brie sur\u00a010",
        "deadline": "mercredi 25 novembre à 19\u202fh",
        "otherwise": "Sans réponse de votre part, nous livrons tout le reste et ce qui manque n’est pas facturé.",
        "may_come_back": True,
        "is_newcomer": True,
        "choices": [
            {
                "label": "Le remplacer par 2\u202f× Coulommiers",
                "note": "Au prix de 10,00\u202f€, jamais plus cher.",
                "path": f"{ANSWER_PATH}?choix=replace-12",
            },
            {"label": "Plus tard", "note": "Nous vous écrivons.", "path": f"{ANSWER_PATH}?choix=later"},
        ],
        "answer_path": ANSWER_PATH,
        "settled": "Nous livrons tout le reste\u202f; ce qui manque (2 Brie) n’est pas facturé, 10,00\u202f€ de moins.",
        "answer": "leave_out",
        "answered_by": "default",
        "stands": True,
    }
    return order_context(**context | changes)


def packed_context(**changes):
    """What `shop.orders.receipts.receipt_letter` gives for one order."""
    return order_context(
        lines=[
            {"name": "Comté AOP 12 mois", "quantity_label": "2\u202f×", "billed": Decimal("9.80")},
            {"name": "Pommes Gala", "quantity_label": "1,4\u202fkg", "billed": Decimal("1152.20")},
        ],
        differences=[
            {
                "name": "Pommes Gala",
                "facts": ["Pesé\u202f: 1,4\u202fkg pour 1,5\u202fkg commandés"],
                "ordered": Decimal("1234.50"),
                "billed": Decimal("1152.20"),
            }
        ],
        ordered_total=Decimal("1244.50"),
        **{"total": Decimal("1162.20"), "less": Decimal("82.30")} | changes,
    )


CONTACT = {
    "name": "Élodie Martin",
    "number": "12",
    "subject": "Une commande",
    "order_reference": "CB-2F7K9",
    "message": "Ma commande\nn’est pas là.",
    "answer_by": datetime(2026, 12, 1, 14, 5, tzinfo=PARIS),
    "takes_replies": True,
}
REVIEW = {
    "first_name": "Élodie",
    "product": "Comté AOP 12 mois",
    "product_slug": "comte-aop-12-mois",
    "reference": "CB-2F7K-9ABC",
    "rating": 2,
    "title": "Trop salé",
    "text": "Appelez Jean.\nIl confirmera.",
    "reason": "données personnelles",
    "reason_words": "Retirez le nom.",
    "answer": "Merci, nous changeons d’affineur.",
    "answer_role": "Responsable des achats",
}
PICKUP = {
    "place": {
        "name": "Cabas Bastille",
        "lines": ["14 rue de la Roquette", "75011 Paris"],
        "directions": "Entrée par la cour.\nOuvert de 10\u00a0h à 20\u00a0h.",
    },
    "pickup_code": "042907",
    "requires_age_check": True,
}
AMENDMENT = {
    "changes": [
        {
            "name": "Comté AOP 12 mois",
            "before": "2\u00a0×",
            "after": "3\u00a0×",
            "total": Decimal("14.70"),
            "promotion": "",
        },
        {"name": "Lait entier", "before": "6\u00a0×", "after": "", "total": Decimal("0.00"), "promotion": ""},
        {
            "name": "Pain",
            "before": "",
            "after": "1\u00a0×",
            "total": Decimal("3.20"),
            "promotion": "Fournil : −10\u202f%",
        },
    ],
    "is_slot_new": True,
    "is_address_new": True,
    "total_before": Decimal("1230.00"),
    "total_after": Decimal("1244.50"),
    "why": "le complément n’a pas été payé à temps",
}
RECALL = order_context(
    name="Brie <b>fermier</b>", quantity_label="2 pièces", which="Lots L1, L2", is_partial=True, is_certain=False,
    why="Présence possible de Listeria. Un contrôle en a trouvé.", advice="Ne le consommez plus et jetez-le.",
    was_bought=True, became="Nous vous remboursons 8,00\u202f€, sans démarche de votre part.",
    notice_reference="2026-11-0123", notice_url="https://rappel.conso.gouv.fr/fiche-rappel/123",
    recalls_path="/rappels/",
)  # fmt: skip
DELAY_PATH = "/retard/jeton-de-retard-1234567890/"
DELAY = order_context(
    cause="forecast", answer="", answered_by="", is_still_to_come=True, delay_path=DELAY_PATH,
    expected_at=datetime(2026, 11, 26, 20, 25, tzinfo=PARIS), help_phone="09 70 00 00 00", pickup_code="",
    sentence="Votre livraison aura du retard, nous l’attendons vers 20\u00a0h\u00a025",
    promise="C’est à nous de tenir l’heure.", settled="Nous vous livrons demain, sans frais.",
)  # fmt: skip
CONTEXTS = {
    "order_confirmation": order_context(),
    "order_amended": order_context(**AMENDMENT),
    "amendment_refused": order_context(**AMENDMENT),
    "order_cancelled": order_context(),
    "pickup_reminder": order_context(**PICKUP),
    "order_delivered": order_context(
        promised="jeudi 26 novembre, de 19\u00a0h à 20\u00a0h, 24 articles",
        kept="19\u00a0h\u00a042, 24 articles sur 24",
        is_kept=True,
        is_collect=False,
    ),
    "delay_told": DELAY,
    "delivery_missed": DELAY | {"cause": "missed", "sentence": "Nous sommes passés, personne n’a répondu"},
    "delay_settled": DELAY | {"answer": "pickup", "pickup_code": "042907"},
    "order_returned": order_context(voucher_discount=Decimal("5.00"), voucher_label="Bon de 5\u00a0€"),
    "product_recalled": RECALL,
    "payment_needed": order_context(),
    "order_packed": packed_context(),
    "shortage_told": shortage_context(),
    "shortage_settled": shortage_context(),
    "refund_made": order_context(
        amount=Decimal("8.00"), reason="article abîmé", parts=["Comté AOP 12 mois, 2 pièces", "Livraison"]
    ),
    "compensation_granted": order_context(
        headed="Votre livraison vous est remboursée",
        sentence="Arrivée à 20\u00a0h\u00a042, créneau jusqu’à 20\u00a0h\u202f: 42 minutes de retard, plus de 30, "
        "livraison remboursée (5,90\u00a0€).",
        done="Nous rendons 5,90\u00a0€ à la carte qui a payé.",
        needs_account=False,
    ),
    "claim_answered": order_context(
        state="answered",
        headed="Nous vous rendons 8,00\u00a0€",
        sentence="C’est demandé, sur la carte qui a payé.",
        parts=["2\u00a0× Comté AOP 12 mois"],
        claims_path="/suivi/jeton-de-suivi-1234567890/soucis/",
    ),
    "robbed_order_repaired": order_context(
        headed="nous vous rendons 8,00\u00a0€, sans rien demander",
        sentence="C’est demandé, sur la carte qui a payé.",
        parts=["2\u00a0× Comté AOP 12 mois"],
        claims_path="/suivi/jeton-de-suivi-1234567890/soucis/",
    ),
    "withdrawal_acknowledged": {
        "name": "Élodie Martin",
        "reference": "CB-2F7K9",
        "parts": ["Lessive, 2 pièces"],
        "declared_at": datetime(2026, 11, 26, 19, 5, tzinfo=PARIS),
        "refund_due_on": date(2026, 12, 10),
        "tracking_path": "/suivi/jeton-de-suivi-1234567890/",
    },
    "withdrawal_closed": {
        "name": "Élodie Martin",
        "reference": "CB-2F7K9",
        "parts": ["Lessive, 2 pièces"],
        "declared_at": datetime(2026, 11, 26, 19, 5, tzinfo=PARIS),
        "refund_due_on": date(2026, 12, 10),
        "is_kept": False,
        "tracking_path": "/suivi/jeton-de-suivi-1234567890/",
    },
    "payment_voided": order_context(became="abandoned", amount=Decimal("80.00")),
    "sign_in_code": {"code": "1234-5678", "minutes": 15},
    "email_verification_code": {"code": "1234-5678", "minutes": 15},
    "password_reset": {
        "reset_url": "http://127.0.0.1:8000/accounts/password/reset/key/1-abc/",
        "hours": 2,
    },
    "unknown_account": {},
    "account_exists": {},
    "security_notice": {
        "sentence": "Votre mot de passe a été changé.",
        "at": datetime(2026, 11, 26, 15, tzinfo=PARIS),
    },
    "order_to_agree": order_context(agree_by=datetime(2026, 11, 24, 15, 30, tzinfo=PARIS)),
    "contact_acknowledged": CONTACT | {"is_proven": True},
    "contact_answered": CONTACT | {"answer": "Elle arrive.\nMerci de votre patience."},
    "review_refused": REVIEW,
    "review_answered": REVIEW,
    "coverage_opened": {"postcode": "64000"},
    "slot_offered": {
        "when": "jeudi 26 novembre, de 19\u00a0h à 20\u00a0h",
        "point": "",
        "offered_until": datetime(2026, 11, 25, 18, 42, tzinfo=PARIS),
        "offer_path": "/creneaux/attente/jeton-d-attente-1234567890/",
    },
    "product_restocked": {"name": "Brie de Meaux", "slug": "brie-de-meaux"},
    "gift_announced": {
        "first_name": "Camille",
        "gift": "Votre 5e commande",
        "where": "Part avec votre prochaine commande.",
        "items": ["Pot de miel de châtaignier", "Torchon en coton tissé"],
        "needs_account": True,
    },
    "referral_rewarded": {"first_name": "Camille", "reward": "300\u00a0points", "is_voucher": False},
    "points_expiring": {
        "first_name": "Camille",
        "points": "160\u00a0points",
        "worth": Decimal("4.80"),
        "first": "20 décembre 2026",
        "last": "12 janvier 2027",
        "needs_account": True,
    },
}
# What a reader must find in the text, and behind the one button of the HTML.
LINKS = {
    "order_confirmation": "/suivi/jeton-de-suivi-1234567890/",
    "order_amended": "/suivi/jeton-de-suivi-1234567890/",
    "amendment_refused": "/suivi/jeton-de-suivi-1234567890/",
    "order_cancelled": "/",
    "refund_made": "/suivi/jeton-de-suivi-1234567890/",
    "compensation_granted": "/suivi/jeton-de-suivi-1234567890/",
    "claim_answered": "/suivi/jeton-de-suivi-1234567890/soucis/",
    "robbed_order_repaired": "/suivi/jeton-de-suivi-1234567890/soucis/",
    "withdrawal_acknowledged": "/suivi/jeton-de-suivi-1234567890/",
    "withdrawal_closed": "/suivi/jeton-de-suivi-1234567890/",
    "pickup_reminder": "/suivi/jeton-de-suivi-1234567890/",
    "order_packed": "/suivi/jeton-de-suivi-1234567890/",
    "shortage_told": ANSWER_PATH,
    "order_delivered": "/suivi/jeton-de-suivi-1234567890/",
    "delay_told": DELAY_PATH,
    "delivery_missed": DELAY_PATH,
    "delay_settled": "/suivi/jeton-de-suivi-1234567890/",
    "order_returned": "/suivi/jeton-de-suivi-1234567890/",
    "shortage_settled": "/suivi/jeton-de-suivi-1234567890/",
    "product_recalled": "/suivi/jeton-de-suivi-1234567890/",
    "order_to_agree": "/commande/paiement/jeton-de-suivi-1234567890/",
    "payment_needed": "/commande/paiement/jeton-de-suivi-1234567890/",
    "payment_voided": "/panier/",
    "password_reset": "/accounts/password/reset/key/1-abc/",
    "unknown_account": "/accounts/signup/",
    "account_exists": "/accounts/login/code/",
    "security_notice": "/accounts/password/reset/",
    "contact_acknowledged": "/aide/",
    "contact_answered": "/aide/",
    "review_refused": "/commandes/CB-2F7K-9ABC/avis/",
    "review_answered": "/produits/comte-aop-12-mois/avis/",
    "coverage_opened": "/creneaux/?code_postal=64000",
    "slot_offered": "/creneaux/attente/jeton-d-attente-1234567890/",
    "product_restocked": "/produits/brie-de-meaux/",
    "gift_announced": "/fidelite/",
    "referral_rewarded": "/parrainage/",
    "points_expiring": "/fidelite/",
}


def queue(number=1, **changes):
    given = {
        "purpose": "coverage_opened",
        "occasion": f"64000:{number}",
        "recipient": f"client{number}@exemple.fr",
        "template": "coverage_opened",
        "context": CONTEXTS["coverage_opened"],
    } | changes
    with transaction.atomic():
        return Message.objects.get(pk=queue_message(**given))


def queue_secret(number=1, *, lives=timedelta(minutes=15), **changes):
    return queue(
        number,
        **{
            "purpose": "sign_in_code",
            "template": "sign_in_code",
            "context": CONTEXTS["sign_in_code"],
            "is_secret": True,
            "expires_at": timezone.now() + lives,
        }
        | changes,
    )


class Mailbox:
    """Keeps what arrives; `answers` maps a recipient to what the server says to RCPT."""

    def __init__(self, *, pause_seconds=0.0, answers=None):
        self.arrived = []
        self.pause_seconds = pause_seconds
        self.answers = answers or {}

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        self.arrived.append(envelope.rcpt_tos[0])
        await asyncio.sleep(self.pause_seconds)
        return "250 OK"


class _AnyPort(Controller):
    def _trigger_server(self):
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextlib.contextmanager
def mail_server(mailbox):
    controller = _AnyPort(mailbox, hostname="127.0.0.1", port=0)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


def wait_until(condition, seconds=15.0):
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "never happened"
        time.sleep(0.02)
