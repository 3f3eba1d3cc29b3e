from django import forms
from django.utils.translation import gettext_lazy as _

# The question as it is shown, kept word for word with each answer: change it and earlier answers keep theirs.
LETTERS_QUESTION = _(
    "Je veux recevoir par e-mail les nouveautés et les promotions de Cabas. "
    "Je peux changer d’avis à tout moment, d’un clic."
)


class LettersForm(forms.Form):
    letters = forms.BooleanField(label=LETTERS_QUESTION, required=False)
