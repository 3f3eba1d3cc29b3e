"""What happens to an order next, as its customer reads it."""

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.templatetags.cabas import hour, said_at
from shop.home.queries import Coming
from shop.home.rules import Stage

STATES: dict[Stage, Promise] = {
    Stage.UNPAID: gettext_lazy("en attente de paiement"),
    Stage.PAY_AGAIN: gettext_lazy("paiement à refaire"),
    Stage.ASKED: gettext_lazy("à vous de choisir"),
    Stage.OPEN: gettext_lazy("confirmée"),
    Stage.CLOSED: gettext_lazy("confirmée"),
    Stage.PREPARING: gettext_lazy("en préparation"),
    Stage.READY: gettext_lazy("prête"),
    Stage.ARRIVING: gettext_lazy("attendue maintenant"),
    Stage.OVER: gettext_lazy("créneau passé"),
}
_NEXT: dict[Stage, Promise] = {
    Stage.UNPAID: gettext_lazy(
        "Il reste à la payer. D’ici là, son créneau et ses articles vous sont gardés."
    ),
    Stage.PAY_AGAIN: gettext_lazy(
        "La carte enregistrée a été refusée. Votre créneau vous est gardé jusqu’au %(cutoff)s."
    ),
    Stage.ASKED: gettext_lazy("Un article manquera\u202f: dites-nous ce que vous préférez."),
    Stage.OPEN: gettext_lazy(
        "Nous la préparons à partir du %(cutoff)s. Jusque-là, vous pouvez l’annuler sans frais."
    ),
    Stage.CLOSED: gettext_lazy("Elle part bientôt en préparation, et arrive entre %(start)s et %(end)s."),
    Stage.READY: gettext_lazy("Ses cabas sont fermés. Elle arrive entre %(start)s et %(end)s."),
    Stage.PREPARING: gettext_lazy("Nous la préparons. Elle arrive entre %(start)s et %(end)s."),
    Stage.ARRIVING: gettext_lazy(
        "Nous arrivons entre %(start)s et %(end)s. Plus de 30 minutes de retard, et la livraison est offerte."
    ),
    Stage.OVER: gettext_lazy(
        "Votre créneau s’est terminé à %(end)s. Rien reçu\u202f? Appelez-nous\u202f: plus de 30 minutes de retard, "
        "et la livraison est offerte."
    ),
}

# Where it is fetched at a pickup point.
_STATES_COLLECT = STATES | {Stage.ARRIVING: gettext_lazy("à retirer maintenant")}
_NEXT_COLLECT = _NEXT | {
    Stage.CLOSED: gettext_lazy(
        "Elle part bientôt en préparation, et vous attend au point de retrait entre %(start)s et %(end)s."
    ),
    Stage.READY: gettext_lazy(
        "Ses cabas sont fermés. Elle vous attend au point de retrait entre %(start)s et %(end)s."
    ),
    Stage.PREPARING: gettext_lazy(
        "Nous la préparons. Elle vous attend au point de retrait entre %(start)s et %(end)s."
    ),
    Stage.ARRIVING: gettext_lazy(
        "Elle vous attend au point de retrait jusqu’à %(end)s. Pensez à votre code."
    ),
    Stage.OVER: gettext_lazy(
        "Votre créneau s’est terminé à %(end)s. Pas encore passé ? Appelez-nous : nous trouvons une autre heure."
    ),
}


def state(coming: Coming) -> str:
    return str((_STATES_COLLECT if coming.is_collect else STATES)[coming.stage])


def next_step(coming: Coming) -> str:
    """The sentence that says what happens next, and when."""
    said = _NEXT_COLLECT if coming.is_collect else _NEXT
    return _(str(said[coming.stage])) % {
        "cutoff": said_at(coming.cutoff_at), "start": hour(coming.starts_at), "end": hour(coming.ends_at),
    }  # fmt: skip
