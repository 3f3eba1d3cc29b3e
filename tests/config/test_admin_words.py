"""Every label staff read in the admin was written by somebody: none is a field's name in disguise."""

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.contrib import admin
from django.contrib.admin.utils import flatten, flatten_fieldsets, get_fields_from_path
from django.core.exceptions import FieldDoesNotExist
from django.db.models import DecimalField, Field, Model
from django.forms import DecimalField as FormDecimalField

from config.admin import Tags
from crm.outbox.admin import PURPOSES
from crm.outbox.letters import SUBJECTS
from shop.catalogue.models import Aisle
from shop.customers.models import User
from tests.addresses import OURS

ADMINS = {
    model: model_admin
    for model, model_admin in admin.site._registry.items()
    if model.__module__.startswith(OURS)
}


def shown_names(options) -> Iterator[str]:
    """What a list or a form shows of a model, as its admin declares it."""
    yield from options.readonly_fields
    yield from flatten(options.fields or ())
    yield from flatten_fieldsets(options.fieldsets or ())
    if not (options.fields or options.fieldsets):
        yield from (
            field.name for field in options.model._meta.fields if field.editable and not field.primary_key
        )
    yield from getattr(options, "list_display", ())
    yield from getattr(options, "picking_list", ())


def filtered_names(options) -> list[str]:
    named = [one[0] if isinstance(one, tuple) else one for one in options.list_filter]
    return [name for name in named if isinstance(name, str)]


def is_worded(model: type[Model], options, name: str) -> bool:
    """Whether somebody gave this column or field a label; Django's own guess is the name with spaces."""
    declared = getattr(options.form, "declared_fields", {})
    if name in declared:
        return bool(declared[name].label)
    try:
        field = model._meta.get_field(name)
    except FieldDoesNotExist:
        shown = getattr(options, name, None) or getattr(model, name)
        shown = shown.fget if isinstance(shown, property) else shown
        return name == "__str__" or bool(getattr(shown, "short_description", ""))
    return name == field.name and is_named(field)


def is_named(field: Field) -> bool:
    return field._verbose_name is not None


@pytest.mark.parametrize("model", ADMINS, ids=lambda model: model._meta.label)
def test_every_column_and_field_is_worded(model):
    model_admin = ADMINS[model]

    wordless = {name for name in shown_names(model_admin) if not is_worded(model, model_admin, name)}
    wordless |= {
        f"{inline.model.__name__}.{name}"
        for inline in model_admin.inlines
        for name in shown_names(inline)
        if not is_worded(inline.model, inline, name)
    }
    wordless |= {
        path for path in filtered_names(model_admin) if not is_named(get_fields_from_path(model, path)[-1])
    }

    assert not wordless


def bare_sums(model: type[Model], options) -> set[str]:
    """Amounts shown as mere numbers. A quantity is no amount; a form may word its own label."""
    declared = getattr(options.form, "declared_fields", {})
    amounts = {
        field.name: declared[field.name].label if field.name in declared else field.verbose_name
        for field in model._meta.fields
        if isinstance(field, DecimalField) and field.decimal_places in {2, 4} and field.name != "net_quantity"
    }
    return {name for name in shown_names(options) if name in amounts and "(€)" not in str(amounts[name])}


@pytest.mark.parametrize("model", ADMINS, ids=lambda model: model._meta.label)
def test_every_sum_says_its_currency(model):
    model_admin = ADMINS[model]

    bare = bare_sums(model, model_admin)
    for inline in model_admin.inlines:
        bare |= bare_sums(inline.model, inline)

    assert not bare


@pytest.mark.parametrize("model", ADMINS, ids=lambda model: model._meta.label)
def test_every_model_has_a_singular_and_a_plural(model):
    shown = [model, *(inline.model for inline in ADMINS[model].inlines)]

    for one in shown:
        given = one._meta.original_attrs
        assert {"verbose_name", "verbose_name_plural"} <= set(given), one._meta.label
        assert "verbose_name" in vars(type(one._meta.app_config)), one._meta.app_label


def test_every_letter_has_a_name():
    assert set(PURPOSES) == set(SUBJECTS)


def test_every_tint_staff_may_choose_has_its_palette():
    styles = (settings.BASE_DIR / "static/css/tokens.css").read_text()

    missing = {tint for tint in Aisle.Tint.values if f".packshot--{tint} " not in styles}
    assert missing == {Aisle.Tint.NEUTRAL}


@pytest.mark.parametrize("model", ADMINS, ids=lambda model: model._meta.label)
def test_no_decimal_is_asked_for_in_a_number_field(model, rf):
    """Browsers show a number field empty when its value has a comma, and take 4,90 for 490 in some languages."""
    request = rf.get("/")
    request.user = User(is_staff=True, is_superuser=True)
    model_admin = ADMINS[model]
    # What may not be changed makes no form of its own.
    may_change = model_admin.has_change_permission(request) or model_admin.has_add_permission(request)
    forms = [model_admin.get_form(request)()] if may_change else []
    forms += [inline.get_formset(request).form() for inline in model_admin.get_inline_instances(request)]

    numbers = [
        name
        for form in forms
        for name, field in form.fields.items()
        if isinstance(field, FormDecimalField) and getattr(field.widget, "input_type", "") == "number"
    ]

    assert numbers == []


@pytest.mark.parametrize("model", ADMINS, ids=lambda model: model._meta.label)
def test_a_state_without_a_colour_is_still_said_in_words(model):
    """Unfold shows the code of a state that its colours leave out."""
    columns = [getattr(ADMINS[model], name, None) for name in ADMINS[model].list_display]

    colours = [column.label for column in columns if isinstance(getattr(column, "label", None), dict)]

    assert all(isinstance(one, Tags) and one["nulle part"] == "" for one in colours)
