from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Assigned(models.Model):
    """What one agent at a time looks after. Taken by one conditional statement, never by reading first."""

    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+",
        verbose_name=_("suivie par"),
    )  # fmt: skip
    assigned_at = models.DateTimeField(_("prise le"), null=True, blank=True)

    class Meta:
        abstract = True
