from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import Group
from django.core.management.base import BaseCommand
from django.db.models import Manager

from config.staff import seed_groups
from crm.desk.models import HelpEntry, LegalPage, ReplyText
from crm.desk.services import seed_help, seed_pages, seed_reply_texts
from delivery.promise.models import Rule
from delivery.promise.services import seed_rules
from delivery.rounds.models import Place
from delivery.rounds.seed import seed_places
from delivery.slots.models import Slot
from delivery.slots.services import generate_slots
from delivery.tracking.models import Card
from delivery.tracking.seed import seed_cards
from delivery.zones.models import Zone
from delivery.zones.seed import seed_zones
from loyalty.milestones.models import Milestone
from loyalty.milestones.seed import seed_milestones
from loyalty.points.models import PointTerms
from loyalty.points.seed import seed_terms
from loyalty.referrals.models import ReferralTerms
from loyalty.referrals.seed import seed_referral_terms
from loyalty.rewards.models import Reward
from loyalty.rewards.seed import seed_rewards
from shop.claims.models import ClaimLimits
from shop.claims.seed import seed_limits
from shop.search.index import ensure_index
from shop.search.models import SearchEntry, Synonym
from shop.search.synonyms import seed_synonyms

# In this order: slots need zones. What is counted is what the step adds.
STEPS: list[tuple[str, Callable[[], Any], Manager[Any]]] = [
    ("droits des équipes", seed_groups, Group.permissions.through._default_manager),
    ("zones de livraison", seed_zones, Zone._default_manager),
    ("règles de compensation", seed_rules, Rule._default_manager),
    ("règles des points", seed_terms, PointTerms._default_manager),
    ("récompenses", seed_rewards, Reward._default_manager),
    ("étapes de fidélité", seed_milestones, Milestone._default_manager),
    ("règles du parrainage", seed_referral_terms, ReferralTerms._default_manager),
    ("limites des signalements", seed_limits, ClaimLimits._default_manager),
    ("pages légales", seed_pages, LegalPage._default_manager),
    ("questions fréquentes", seed_help, HelpEntry._default_manager),
    ("textes de réponse", seed_reply_texts, ReplyText._default_manager),
    ("index de recherche", ensure_index, SearchEntry._default_manager),
    ("synonymes de recherche", seed_synonyms, Synonym._default_manager),
    ("créneaux", generate_slots, Slot._default_manager),
    ("lieux et transporteurs", seed_places, Place._default_manager),
    ("fiches des livreurs", seed_cards, Card._default_manager),
]


class Command(BaseCommand):
    help = "Installe ce que la boutique livre d’origine. Peut être relancée : n’écrase rien."

    def handle(self, *args: Any, **options: Any) -> None:
        for name, seed, rows in STEPS:
            before = rows.count()
            seed()
            if options["verbosity"]:
                self.stdout.write(f"{name}\u202f: {rows.count() - before} de plus")
