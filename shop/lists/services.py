"""Named shopping lists. Every write starts from the customer's own lists."""

from collections.abc import Mapping

from django.db import IntegrityError, transaction

from shop.lists.models import ListItem, ShoppingList

LISTS_AT_MOST = 30


class ListNameTaken(Exception):
    """The customer has a list of this name."""


class TooManyLists(Exception):
    """More lists than anyone finds their way in."""


@transaction.atomic
def create_list(*, customer_id: int, name: str, quantities: Mapping[int, int]) -> ShoppingList:
    """A new list of products with quantities in pieces or grams. Raises ListNameTaken, TooManyLists."""
    if ShoppingList.objects.filter(customer_id=customer_id).count() >= LISTS_AT_MOST:
        raise TooManyLists(LISTS_AT_MOST)
    try:
        with transaction.atomic():
            made = ShoppingList.objects.create(customer_id=customer_id, name=name)
    except IntegrityError as clash:
        raise ListNameTaken(name) from clash
    ListItem.objects.bulk_create(
        ListItem(shopping_list=made, product_id=product, quantity=quantity)
        for product, quantity in quantities.items()
    )
    return made


@transaction.atomic
def rename_list(*, shopping_list: ShoppingList, name: str) -> None:
    """Raises ListNameTaken; then nothing changed."""
    shopping_list.name = name
    try:
        with transaction.atomic():
            shopping_list.save(update_fields=["name", "updated_at"])
    except IntegrityError as clash:
        raise ListNameTaken(name) from clash


@transaction.atomic
def delete_list(*, shopping_list: ShoppingList) -> None:
    shopping_list.delete()


@transaction.atomic
def remove_item(*, shopping_list: ShoppingList, product_id: int) -> None:
    shopping_list.items.filter(product_id=product_id).delete()
