"""Where ports of lower rooms are bound to what higher rooms offer."""

from datetime import datetime

from crm.desk import queries as desk
from crm.desk.services import CALLS
from crm.desk.services.callbacks import within_an_hour
from crm.insights.ports import bind_answer_times, bind_page_text
from crm.outbox.queries import recall_letters, stuck_order_letters
from delivery.promise.ports import bind_remedies
from loyalty.milestones.ports import bind_anniversaries, bind_ranks
from loyalty.points.ports import bind_best_rate, bind_check, bind_first_reward
from loyalty.referrals.ports import bind_has_ordered
from loyalty.rewards.ports import bind_products
from loyalty.rewards.queries import best_rate, least_points
from loyalty.vouchers.ports import bind_buying, bind_shelves
from shop.catalogue.ports import bind_index
from shop.checkout.ports import SellingClosed, bind_terms
from shop.claims.ports import bind_call_by
from shop.documents.queries import links_of
from shop.orders import celebrations
from shop.orders import queries as orders
from shop.orders import services as order_services
from shop.orders.ports import bind_documents, bind_recalls, bind_stuck_letters
from shop.payments.ports import bind_order_desk
from shop.pricing.ports import bind_costs
from shop.pricing.queries import broken_by, givable_product
from shop.pricing.voucher_shelves import VoucherShelves
from shop.recalls import queries as recalls
from shop.recalls.ports import bind_letters
from shop.reviews.ports import bind_purchases
from shop.search.index import index_products
from shop.search.ports import bind_off_sale
from shop.stock.queries import highest_costs


class OrderDesk:
    """Answers payments on behalf of orders."""

    def is_waiting(self, order_reference: str) -> bool:
        return orders.wants_payment(order_reference)

    def deadline(self, order_reference: str) -> datetime | None:
        return orders.payment_deadline(order_reference)


def terms_in_force() -> str:
    try:
        return desk.current_terms_version()
    except desk.TermsMissing as missing:
        raise SellingClosed from missing


bind_index(index_products)
bind_buying(orders.buying_of)
bind_shelves(VoucherShelves())
bind_order_desk(OrderDesk())
bind_costs(highest_costs)
bind_check(broken_by)
bind_page_text(desk.page_in_force)
bind_terms(terms_in_force)
bind_purchases(orders.receipt)
bind_has_ordered(orders.has_ordered)
bind_documents(links_of)
bind_stuck_letters(stuck_order_letters)
bind_recalls(recalls.recalls_told)
bind_off_sale(recalls.off_sale)
bind_letters(recall_letters)
bind_remedies(order_services.REMEDIES | CALLS)
bind_products(givable_product)
bind_first_reward(least_points)
bind_best_rate(best_rate)
bind_ranks(orders.rank_of_next_order)
bind_anniversaries(celebrations.anniversaries_today)
bind_answer_times(desk.answer_times)
bind_call_by(within_an_hour)
