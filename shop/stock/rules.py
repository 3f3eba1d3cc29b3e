"""When to order again, and how much. Pure; quantities are pieces or grams."""

# Below so many days of what usually sells, the item is to be ordered; a supplier delivers within them.
REORDER_BELOW_DAYS = 5
REORDER_UP_TO_DAYS = 14


def to_reorder(*, on_hand: int, reserved: int, weekly_sales: int) -> int:
    """What brings an item back to a fortnight of its sales; what orders already took counts as gone.

    0 while five days are left, and for what nobody buys unless orders wait for it.
    """
    left = on_hand - reserved
    if left * 7 >= weekly_sales * REORDER_BELOW_DAYS and left >= 0:
        return 0
    return -(-weekly_sales * REORDER_UP_TO_DAYS // 7) - left
