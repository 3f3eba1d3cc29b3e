"""How often one machine, one address or one key may try. Counted in PostgreSQL, since Valkey may be wiped.

Neither is kept: the table holds digests under the shop's secret.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import wraps
from typing import Any

from allauth.account.adapter import get_adapter
from django.db import connection
from django.db.models import Count, F, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.crypto import salted_hmac

from config.models import Tries

View = Callable[..., HttpResponse]


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` tries of one value in each window of `seconds`; the name stands in rows."""

    name: str
    most: int
    seconds: int = 3600

    def spend(self, value: str) -> bool:
        """Count one try and say whether it may go on. One statement, exact however many come at once."""
        window = int(time.time() // self.seconds)
        ends_at = datetime.fromtimestamp((window + 1) * self.seconds, UTC)
        with connection.cursor() as cursor:
            cursor.execute(_COUNT, [self._key(value, window), ends_at])
            (number,) = cursor.fetchone()
        return bool(number <= self.most)

    def give_back(self, value: str) -> None:
        """A try that was right does not count. One UPDATE.

        Counting first and giving back is exact; asking first whether any try is left would let a burst pass.
        """
        window = int(time.time() // self.seconds)
        Tries.objects.filter(key=self._key(value, window), number__gt=0).update(number=F("number") - 1)

    def is_spent(self, value: str) -> bool:
        """Whether all tries were used up, for what is read and counts none. One query."""
        window = int(time.time() // self.seconds)
        return Tries.objects.filter(key=self._key(value, window), number__gte=self.most).exists()

    def overrun(self) -> tuple[int, int]:
        """How many values tried more often than they may in windows that are still known, and how often. One query."""
        beyond = Tries.objects.filter(key__startswith=f"{self.name}:", number__gt=self.most)
        found = beyond.aggregate(values=Count("pk"), tries=Sum("number"))
        return found["values"], found["tries"] or 0

    def _key(self, value: str, window: int) -> str:
        digest = salted_hmac("config.limits", value.strip().lower(), algorithm="sha256").hexdigest()
        return f"{self.name}:{digest}:{window}"


# Reading, adding and writing back in three steps would let a burst of tries pass as one.
_COUNT = """
INSERT INTO config_tries AS known (key, number, ends_at) VALUES (%s, 1, %s)
ON CONFLICT (key) DO UPDATE SET number = known.number + 1
RETURNING number
"""


def machine_of(request: HttpRequest) -> str:
    """The client's address, counted from behind as many proxies as are ours (TRUSTED_PROXY_COUNT)."""
    return str(get_adapter().get_client_ip(request))


def too_many(request: HttpRequest) -> HttpResponse:
    """Say in French to wait, in the shop's look."""
    return render(request, "429.html", status=429)


def limited_by_machine(limit: Limit) -> Callable[[View], View]:
    """Answer 429 to a machine that has used up the limit; otherwise one more query than the view."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not limit.spend(machine_of(request)):
                return too_many(request)
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def forget_past() -> int:
    """Drop the windows that have ended; how many counters. One DELETE."""
    deleted, _by_model = Tries.objects.filter(ends_at__lt=datetime.now(UTC)).delete()
    return deleted
