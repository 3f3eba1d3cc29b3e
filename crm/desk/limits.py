"""How often one machine or one address may write. Counted in the database, without keeping either."""

import time

from django.core.cache import caches
from django.utils.crypto import salted_hmac

PER_MACHINE = 10
PER_ADDRESS = 3
WINDOW_SECONDS = 3600


def may_write(*, machine: str, email: str) -> bool:
    """Whether neither has used up this hour's messages. Two queries."""
    counts: dict[str, int] = caches["limits"].get_many([_key("machine", machine), _key("email", email)])
    return (
        counts.get(_key("machine", machine), 0) < PER_MACHINE
        and counts.get(_key("email", email), 0) < PER_ADDRESS
    )


def note_written(*, machine: str, email: str) -> None:
    """Count one message of both."""
    store = caches["limits"]
    for key in (_key("machine", machine), _key("email", email)):
        store.set(key, store.get(key, 0) + 1, WINDOW_SECONDS)


def _key(kind: str, value: str) -> str:
    # The address itself is nobody's business in a table of counters.
    hour = int(time.time() // WINDOW_SECONDS)
    return f"contact:{kind}:{salted_hmac('crm.desk.limits', value.lower()).hexdigest()}:{hour}"
