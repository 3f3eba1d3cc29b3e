"""allauth's forms, dressed like the shop's own."""

from django import forms, template

register = template.Library()


@register.filter
def dressed(form: forms.BaseForm) -> forms.BaseForm:
    """Drop the placeholders that repeat the label, and give codes the keypad of a telephone."""
    for name, field in form.fields.items():
        field.widget.attrs.pop("placeholder", None)
        if name == "code":
            field.widget.attrs |= {"inputmode": "numeric", "autocapitalize": "off", "spellcheck": "false"}
    return form
