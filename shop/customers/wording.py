"""Questions put to customers, kept word for word with each answer: change one and earlier answers keep theirs."""

from django.utils.translation import gettext_lazy as _

LETTERS_QUESTION = _(
    "Je veux recevoir par e-mail les nouveautés et les promotions de Cabas, deux fois par mois. "
    "Je peux changer d’avis à tout moment, en un clic."
)
