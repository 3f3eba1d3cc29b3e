"""Who buys: a login (User) is not a party (Customer). Guests are customers without a login."""

from typing import Any, ClassVar

import pgtrigger
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **extra: Any) -> "User":
        user = self.model(email=email.strip().lower(), **extra)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **extra: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **extra)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser, PermissionsMixin):
    """A login. Its e-mail is stored in lower case and unique."""

    email = models.EmailField(_("adresse e-mail"), unique=True)
    is_staff = models.BooleanField(
        _("équipe"), default=False, help_text=_("Ouvre l’administration, selon les groupes cochés.")
    )
    is_active = models.BooleanField(
        _("actif"), default=True, help_text=_("Décoché, ce compte ne permet plus de se connecter.")
    )
    date_joined = models.DateTimeField(_("inscrit le"), default=timezone.now)

    objects: ClassVar[UserManager] = UserManager()
    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("compte de connexion")
        verbose_name_plural = _("comptes de connexion")
        constraints = [
            models.CheckConstraint(condition=models.Q(email=Lower("email")), name="user_email_lower_case")
        ]

    def __str__(self) -> str:
        return f"compte {self.pk}"

    def clean(self) -> None:
        self.email = self.email.strip().lower()


class Session(AbstractBaseSession):
    """A browser's session, and whose it is: both are read at once (sessions.py)."""

    # A login deleted while a page of it is being answered must not make that page fail; and nobody asks for a login by the
    # keys of its sessions, the admin's filters least of all.
    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, db_constraint=False, related_name="+")

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")

    @classmethod
    def get_session_store_class(cls) -> Any:
        from shop.customers.sessions import SessionStore

        return SessionStore


class ShortageChoice(models.TextChoices):
    """What to do when an article is missing. Cancelling everything is chosen for one article, never for all."""

    ASK = "ask", _("me demander")
    SUBSTITUTE = "substitute", _("le remplacer par le plus proche, jamais plus cher")
    LEAVE_OUT = "leave_out", _("ne pas le livrer, ne pas le payer")
    LATER = "later", _("le livrer plus tard")
    CANCEL = "cancel", _("annuler toute la commande")


class Customer(models.Model):
    """The party who buys, guests included. Never matched to a login before the e-mail is verified."""

    user = models.OneToOneField(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="customer"
    )
    email = models.EmailField(_("adresse e-mail"), db_index=True)
    first_name = models.CharField(_("prénom"), max_length=80, blank=True)
    last_name = models.CharField(_("nom"), max_length=80, blank=True)
    phone = models.CharField(_("téléphone"), max_length=20, blank=True)
    birth_on = models.DateField(_("date de naissance"), null=True, blank=True)
    shortage_choice = models.CharField(
        _("si un article manque"), max_length=10, choices=ShortageChoice, default=ShortageChoice.ASK
    )
    # Health data: filled only under a consent of its own, emptied when that one is withdrawn (GDPR art. 9).
    avoided_allergens = ArrayField(
        models.CharField(max_length=30),
        verbose_name=_("allergènes évités"),
        default=list,
        db_default=[],
        blank=True,
    )
    merged_into = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True)
    created_at = models.DateTimeField(_("client depuis le"), auto_now_add=True)

    class Meta:
        verbose_name = _("client")
        verbose_name_plural = _("clients")
        constraints = [
            # Guests are found again by their address: two spellings would be two people.
            models.CheckConstraint(condition=models.Q(email=Lower("email")), name="customer_email_lower_case")
        ]

    def __str__(self) -> str:
        return f"client {self.pk}"

    @property
    def party_id(self) -> int:
        """Whoever this customer is today: themselves, or the customer that a guest turned out to be. No query."""
        return self.merged_into_id or self.pk

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()


class Address(models.Model):
    """Where a customer is delivered. Changing it never changes an order: orders freeze their own copy."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="addresses")
    label = models.CharField(_("nom de l’adresse"), max_length=40, blank=True)
    line1 = models.CharField(_("numéro et rue"), max_length=120)
    line2 = models.CharField(_("complément"), max_length=120, blank=True)
    floor = models.CharField(_("étage"), max_length=20, blank=True)
    door_code = models.CharField(_("code d’entrée"), max_length=40, blank=True)
    instructions = models.CharField(_("indications pour le livreur"), max_length=300, blank=True)
    postcode = models.CharField(_("code postal"), max_length=5)
    city = models.CharField(_("ville"), max_length=80)
    is_default = models.BooleanField(_("adresse habituelle"), default=False)

    class Meta:
        verbose_name = _("adresse")
        verbose_name_plural = _("adresses")
        ordering = ["-is_default", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["customer"], condition=models.Q(is_default=True), name="one_default_address"
            )
        ]

    def __str__(self) -> str:
        return self.label or f"adresse {self.pk}"


class Consent(models.Model):
    """One answer to one question, with its proof. Append-only: leaving is a new row (CPCE L34-5)."""

    class Purpose(models.TextChoices):
        LETTERS = "letters", _("lettres par e-mail")
        ALLERGIES = "allergies", _("allergies, pour les remplacements")

    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="consents", verbose_name=_("client")
    )
    purpose = models.CharField(_("pour"), max_length=20, choices=Purpose)
    is_granted = models.BooleanField(_("accordé"))
    wording = models.TextField(_("texte affiché"))
    source = models.CharField(_("où"), max_length=40)
    recorded_at = models.DateTimeField(_("recueilli le"), auto_now_add=True)

    class Meta:
        verbose_name = _("consentement")
        verbose_name_plural = _("consentements")
        ordering = ["-recorded_at", "-id"]
        triggers = [
            pgtrigger.Protect(name="consent_append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.is_granted}"
