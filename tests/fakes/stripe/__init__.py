"""A stand-in for Stripe's HTTP API, written from its public documentation (docs.stripe.com/api).

Only what the shop uses, but strict about it: unknown parameters, wrong credentials, a key reused with other
words or while its first request runs are refused as the real one does, stored answers are replayed.
"""

from tests.fakes.stripe.server import FakeStripe, Fault

__all__ = ["FakeStripe", "Fault"]
