"""Named lists: kept, and put back in the basket in one click, differences shown."""

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from config.templatetags.cabas import quantity_label
from shop.basket.refill import put_back
from shop.basket.rules import Wanted
from shop.basket.shopper import shopper_of
from shop.customers.services import customer_for_user
from shop.lists import services
from shop.lists.models import ShoppingList
from shop.search.queries import cards_by_id, with_offers


class NameForm(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("Nom de la liste"),
        max_length=60,
        error_messages={
            "required": gettext_lazy("Donnez un nom à votre liste, par exemple « Semaine »."),
            "max_length": gettext_lazy("60 caractères au plus."),
        },
    )


def _own_list(request: HttpRequest, pk: int) -> ShoppingList:
    customer = customer_for_user(request.user)  # type: ignore[arg-type]
    return get_object_or_404(customer.shopping_lists, pk=pk)


@login_required
@require_safe
@never_cache
def lists_page(request: HttpRequest) -> HttpResponse:
    customer = customer_for_user(request.user)  # type: ignore[arg-type]
    lists = customer.shopping_lists.annotate(products=Count("items"))
    return render(request, "lists/lists.html", {"lists": lists, "form": NameForm()})


@login_required
@require_safe
@never_cache
def list_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Three queries, however long the list."""
    shopping_list = _own_list(request, pk)
    items = list(shopping_list.items.select_related("product"))
    shopper = shopper_of(request)
    known = cards_by_id([item.product_id for item in items], shopper.zone.depot_id)
    cards = {card["id"]: card for card in with_offers(list(known.values()), shopper.book)}
    rows = [
        {
            "card": cards[item.product_id],
            "quantity_label": quantity_label(item.product.sold_by, item.quantity),
        }
        for item in items
        if item.product_id in cards
    ]
    return render(request, "lists/list.html", {"shopping_list": shopping_list, "rows": rows})


@login_required
@require_POST
def create_from_basket(request: HttpRequest) -> HttpResponse:
    """Keep the present basket as a list."""
    form = NameForm(request.POST)
    if not shopper_of(request).quantities:
        messages.error(request, _("Votre panier est vide : il n’y a rien à garder."))
        return redirect("basket")
    if not form.is_valid():
        messages.error(request, str(form.errors["name"][0]))
        return redirect("basket")
    try:
        services.create_list(
            customer_id=customer_for_user(request.user).pk,  # type: ignore[arg-type]
            name=form.cleaned_data["name"],
            quantities=shopper_of(request).quantities,
        )
    except services.ListNameTaken:
        messages.error(request, _("Vous avez déjà une liste de ce nom."))
        return redirect("basket")
    except services.TooManyLists:
        messages.error(request, _("Vous avez déjà 30 listes : supprimez-en une d’abord."))
        return redirect("lists")
    messages.success(request, _("Liste enregistrée."))
    return redirect("lists")


@login_required
@require_POST
def rename(request: HttpRequest, pk: int) -> HttpResponse:
    shopping_list, form = _own_list(request, pk), NameForm(request.POST)
    if not form.is_valid():
        messages.error(request, str(form.errors["name"][0]))
        return redirect("list", pk=pk)
    try:
        services.rename_list(shopping_list=shopping_list, name=form.cleaned_data["name"])
    except services.ListNameTaken:
        messages.error(request, _("Vous avez déjà une liste de ce nom."))
    return redirect("list", pk=pk)


@login_required
@require_POST
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    services.delete_list(shopping_list=_own_list(request, pk))
    messages.success(request, _("Liste supprimée."))
    return redirect("lists")


@login_required
@require_POST
def remove_item(request: HttpRequest, pk: int, product_id: int) -> HttpResponse:
    services.remove_item(shopping_list=_own_list(request, pk), product_id=product_id)
    return redirect("list", pk=pk)


@login_required
@require_POST
def put_in_basket(request: HttpRequest, pk: int) -> HttpResponse:
    """The whole list into the basket; what differs is said there."""
    items = list(_own_list(request, pk).items.select_related("product"))
    put_back(request, [Wanted(item.product_id, item.product.name, item.quantity) for item in items])
    return redirect("basket")
