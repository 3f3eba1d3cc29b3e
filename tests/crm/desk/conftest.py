from tests.shop.checkout.conftest import slot, terms, zone

__all__ = ["slot", "terms", "zone"]
