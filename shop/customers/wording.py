"""Questions put to customers, kept word for word with each answer: change one and earlier answers keep theirs."""

from django.utils.translation import gettext_lazy as _

ALLERGIES_QUESTION = _(
    "J’accepte que Cabas conserve les allergies que j’indique ici, une donnée de santé, pour ne jamais me proposer en "
    "remplacement un article qui en contient. Je peux les effacer à tout moment."
)
LETTERS_QUESTION = _(
    "Je veux recevoir par e-mail les nouveautés et les promotions de Cabas, deux fois par mois. "
    "Je peux changer d’avis à tout moment, en un clic."
)
