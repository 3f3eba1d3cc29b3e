from shop.stock.forms.changing import StockForm
from shop.stock.forms.importing import ImportForm
from shop.stock.forms.receiving import DeliveryForm, ReceivedLines

__all__ = ["DeliveryForm", "ImportForm", "ReceivedLines", "StockForm"]
