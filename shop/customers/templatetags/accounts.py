"""allauth's forms, dressed like the shop's own."""

from django import forms, template
from django.utils.translation import gettext_lazy as _

register = template.Library()


@register.filter
def dressed(form: forms.BaseForm) -> forms.BaseForm:
    """No placeholder that repeats the label, one line of help, and a telephone's keypad for codes."""
    for name, field in form.fields.items():
        field.widget.attrs.pop("placeholder", None)
        if name == "password1" and field.help_text:
            # The bound field keeps its own copy once the form was checked.
            form[name].help_text = field.help_text = _(
                "Dix caractères au moins, et rien de courant ni de tout en chiffres."
            )
        if name == "code":
            field.widget.attrs |= {"inputmode": "numeric", "autocapitalize": "off", "spellcheck": "false"}
    return form
