"""GET /sante/: is the shop able to sell, and what is degraded?"""

from datetime import timedelta

from django.core.cache import cache
from django.db import Error as DbError
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from config.facts import dead_letters
from config.models import Heartbeat

SILENCE_ALLOWED = timedelta(minutes=2)


def record_beat(process: str) -> None:
    """Note a sign of life. One statement."""
    Heartbeat.objects.update_or_create(process=process, defaults={"beat_at": timezone.now()})


def degraded() -> list[str]:
    """What works less than it should, as stable words for a monitor. Two queries and one cache call."""
    found = []
    alive = set(
        Heartbeat.objects.filter(beat_at__gte=timezone.now() - SILENCE_ALLOWED).values_list(
            "process", flat=True
        )
    )
    found += [process for process in ("worker", "relay") if process not in alive]
    cache.set("sante", "1", 10)
    if cache.get("sante") != "1":
        found.append("cache")
    if dead_letters():
        found.append("dead_letters")
    return found


@require_safe
def health(request: HttpRequest) -> JsonResponse:
    """503 only without the database; ``?strict=1`` makes anything degraded a 503."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        found = degraded()
    except DbError:
        return JsonResponse({"status": "down", "degraded": ["database"]}, status=503)
    strict = request.GET.get("strict") == "1"
    return JsonResponse(
        {"status": "degraded" if found else "ok", "degraded": found}, status=503 if found and strict else 200
    )
