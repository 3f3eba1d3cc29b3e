"""The admin's sidebar: rooms in the order of the day, each entry only for those who may open it."""

from typing import Any, NamedTuple

from django.apps import apps
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Entry(NamedTuple):
    """``page`` names an address of the model's admin that is shown instead of its list."""

    model: str
    title: str | Promise
    icon: str
    page: str = ""


SIDEBAR: list[tuple[str | Promise, list[Entry]]] = [
    (
        _("Ventes"),
        [
            Entry("orders.order", _("Commandes"), "receipt_long"),
            Entry("orders.shortagequestion", _("Manques annoncés"), "production_quantity_limits"),
            Entry("orders.withdrawal", _("Rétractations"), "assignment_returned"),
            Entry("claims.claim", _("Signalements"), "report"),
            Entry("payments.paymentaccount", _("Paiements des commandes"), "account_balance_wallet"),
            Entry("payments.paymentoperation", _("Opérations de paiement"), "credit_card"),
            Entry("documents.document", _("Factures et avoirs"), "request_quote"),
            Entry("customers.customer", _("Clients"), "person"),
            Entry("promise.compensation", _("Compensations"), "handshake"),
        ],
    ),
    (
        _("Fidélité"),
        [
            Entry("points.pointaccount", _("Comptes de points"), "stars"),
            Entry("vouchers.voucher", _("Bons"), "redeem"),
            Entry("vouchers.sharedcode", _("Codes partagés"), "sell"),
            Entry("rewards.present", _("Cadeaux promis"), "featured_seasonal_and_gifts"),
            Entry("rewards.reward", _("Récompenses"), "trophy"),
            Entry("rewards.item", _("Articles à donner"), "inventory_2"),
            Entry("milestones.milestone", _("Étapes"), "flag"),
            Entry("referrals.referral", _("Parrainages"), "group_add"),
            Entry("referrals.sponsor", _("Parrains"), "diversity_3"),
            Entry("referrals.referral", _("Veille des abus"), "policy", "admin:insights_abuse"),
            Entry("points.pointterms", _("Règles des points"), "rule_settings"),
            Entry("referrals.referralterms", _("Règles du parrainage"), "rule_settings"),
        ],
    ),
    (
        _("Relation client"),
        [
            Entry("desk.conversation", _("File des demandes"), "forum", "admin:desk_queue"),
            Entry("desk.callback", _("Rappels téléphoniques"), "call"),
            Entry("desk.phoneorder", _("Commandes par téléphone"), "phone_in_talk"),
            Entry("reviews.productreview", _("Avis sur les produits"), "reviews"),
            Entry("reviews.servicereview", _("Avis sur le service"), "star_rate"),
            Entry("outbox.message", _("Messages envoyés"), "mail"),
            Entry("zones.coveragerequest", _("Demandes hors zone"), "wrong_location"),
            Entry("outbox.suppression", _("Adresses refusées"), "unsubscribe"),
        ],
    ),
    (
        _("Catalogue"),
        [
            Entry("catalogue.product", _("Produits"), "nutrition"),
            Entry("stock.stockitem", _("Stocks"), "inventory_2"),
            Entry("stock.stockmovement", _("Mouvements de stock"), "swap_vert"),
            Entry("recalls.recall", _("Rappels de produits"), "campaign"),
            Entry("search.productreport", _("Erreurs signalées"), "flag"),
            Entry("pricing.promotion", _("Promotions"), "percent"),
            Entry("pricing.plannedprice", _("Prix programmés"), "event_upcoming"),
            Entry("catalogue.aisle", _("Rayons"), "shelves"),
            Entry("catalogue.brand", _("Marques"), "sell"),
            Entry("search.zonepopularity", _("Meilleures ventes par zone"), "trending_up"),
            Entry("search.missedsearch", _("Recherches sans résultat"), "search_off"),
            Entry("search.synonym", _("Synonymes"), "compare_arrows"),
        ],
    ),
    (
        _("Livraison"),
        [
            Entry("picking.picktask", _("Préparation"), "shopping_basket"),
            Entry("rounds.planning", _("Tournées"), "route"),
            Entry("tracking.run", _("En route"), "local_shipping"),
            Entry("tracking.incident", _("Incidents"), "warning"),
            Entry("tracking.question", _("Questions des livreurs"), "contact_support"),
            Entry("tracking.card", _("Fiches des livreurs"), "quick_reference_all"),
            Entry("rounds.shift", _("Services des livreurs"), "badge"),
            Entry("rounds.courier", _("Livreurs"), "person_pin"),
            Entry("rounds.van", _("Camionnettes"), "airport_shuttle"),
            Entry("rounds.carrier", _("Transporteurs"), "handshake"),
            Entry("rounds.drop", _("Livraisons à faire"), "package_2"),
            Entry("rounds.place", _("Lieux"), "location_on"),
            Entry("tracking.courierevent", _("Envois des téléphones"), "phonelink_ring"),
            Entry("slots.slot", _("Créneaux"), "calendar_month"),
            Entry("promise.outcome", _("Promesses"), "verified"),
            Entry("promise.rule", _("Règles de compensation"), "rule"),
            Entry("claims.claimlimits", _("Limites des signalements"), "tune"),
            Entry("promise.decision", _("Décisions"), "balance"),
            Entry("slots.waitlistentry", _("Liste d’attente"), "hourglass_top"),
            Entry("zones.zone", _("Zones"), "map"),
            Entry("zones.pickuppoint", _("Points de retrait"), "storefront"),
            Entry("zones.depot", _("Dépôts"), "warehouse"),
        ],
    ),
    (
        _("Textes"),
        [
            Entry("desk.replytext", _("Textes de réponse"), "quickreply"),
            Entry("desk.helpentry", _("Questions fréquentes"), "help"),
            Entry("desk.legalpage", _("Pages légales"), "gavel"),
        ],
    ),
    (
        _("Mesures"),
        [
            Entry("insights.funnelcount", _("Fréquentation"), "filter_alt"),
            Entry("insights.vitalcount", _("Rapidité ressentie"), "speed"),
            Entry("insights.funnelcount", _("Clients déçus"), "handshake", "admin:insights_recovery"),
            Entry("insights.funnelcount", _("Échantillons"), "tapas", "admin:insights_samples"),
            Entry("insights.funnelcount", _("Marge par source"), "savings", "admin:insights_sources"),
            Entry("insights.discountbudget", _("Fidélité en euros"), "loyalty", "admin:insights_programme"),
            Entry("insights.discountbudget", _("Budget des réductions"), "savings"),
        ],
    ),
    (
        _("Équipe"),
        [
            Entry("customers.user", _("Comptes de connexion"), "badge"),
            Entry("auth.group", _("Groupes"), "groups"),
            Entry("customers.consent", _("Consentements"), "verified_user"),
        ],
    ),
]


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """What unfold draws. No query beyond the rights, which are read once per request."""
    home = {"title": _("Aujourd’hui"), "icon": "today", "link": reverse("admin:index")}
    groups: list[dict[str, Any]] = [{"title": "", "items": [home]}]
    pages = _own_pages()
    for title, entries in SIDEBAR:
        items = [_item(entry, request, pages) for entry in entries if may_open(request, entry.model)]
        if items:
            groups.append({"title": title, "items": items})
    return groups


def may_open(request: HttpRequest, label: str) -> bool:
    """Whether a model has an admin and this person may look at it."""
    model = apps.get_model(label)
    model_admin = admin.site._registry.get(model)
    return bool(model_admin and model_admin.has_view_permission(request))


def changelist(label: str) -> str:
    return reverse(f"admin:{label.replace('.', '_')}_changelist")


def _item(entry: Entry, request: HttpRequest, pages: set[str]) -> dict[str, Any]:
    link = reverse(entry.page) if entry.page else changelist(entry.model)
    item = {"title": entry.title, "icon": entry.icon, "link": link}
    # Unfold would mark the list as well, whose address the page's begins with.
    return item | ({"active": request.path == link} if request.path in pages else {})


def _own_pages() -> set[str]:
    """Addresses of the sidebar that are no list of a model."""
    return {reverse(entry.page) for _title, entries in SIDEBAR for entry in entries if entry.page}
