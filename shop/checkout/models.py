"""What a shopper has typed so far: a reload, another tab or a slow evening loses nothing."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from loyalty.vouchers.models import SharedCode, Voucher
from shop.basket.models import Basket

# What a delivery needs and a pickup does not.
ADDRESS_FIELDS = ("line1", "line2", "floor", "door_code", "instructions", "postcode", "city")


class CheckoutDraft(models.Model):
    """The recipient of a basket that is being ordered. Goes with the basket."""

    basket = models.OneToOneField(Basket, on_delete=models.CASCADE, related_name="checkout_draft")
    email = models.EmailField(_("adresse e-mail"), blank=True)
    first_name = models.CharField(_("prénom"), max_length=80, blank=True)
    last_name = models.CharField(_("nom"), max_length=80, blank=True)
    phone = models.CharField(_("téléphone"), max_length=20, blank=True)
    line1 = models.CharField(_("numéro et rue"), max_length=120, blank=True)
    line2 = models.CharField(_("complément"), max_length=120, blank=True)
    floor = models.CharField(_("étage"), max_length=20, blank=True)
    door_code = models.CharField(_("code d’entrée"), max_length=40, blank=True)
    instructions = models.CharField(_("indications pour le livreur"), max_length=300, blank=True)
    postcode = models.CharField(_("code postal"), max_length=5, blank=True)
    city = models.CharField(_("ville"), max_length=80, blank=True)
    # Chosen, not held: the order takes it, and other orders may be quicker.
    voucher = models.ForeignKey(Voucher, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    # Or a code for many, of which the order makes a voucher.
    shared_code = models.ForeignKey(
        SharedCode, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("saisie de commande")
        verbose_name_plural = _("saisies de commande")

    def __str__(self) -> str:
        return f"saisie {self.pk}"

    @property
    def says_who(self) -> bool:
        """All that is asked of whoever fetches their order."""
        return all((self.email, self.first_name, self.last_name, self.phone))

    @property
    def is_complete(self) -> bool:
        return self.says_who and all((self.line1, self.postcode, self.city))
