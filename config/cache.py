"""A cache whose failure is a miss: Valkey may die at any moment and the shop goes on."""

import logging
import time
from typing import Any

import redis
from django.core.cache.backends.redis import RedisCache, RedisCacheClient

logger = logging.getLogger(__name__)
_FAULTS = (redis.RedisError, OSError)
# After a fault, how long to answer "miss" without asking: a dead server must not cost a timeout a call.
PAUSE_SECONDS = 5.0


class _KeptClient(RedisCacheClient):
    """Django makes a client anew for each question, which costs more than asking it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._clients: dict[bool, redis.Redis] = {}

    def get_client(self, key: Any = None, *, write: bool = False) -> redis.Redis:
        if write not in self._clients:
            self._clients[write] = super().get_client(key, write=write)
        return self._clients[write]


class ForgivingRedisCache(RedisCache):
    _silent_until = 0.0

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = _KeptClient

    def _forgiving(self, call: Any, otherwise: Any) -> Any:
        if time.monotonic() < ForgivingRedisCache._silent_until:
            return otherwise
        try:
            return call()
        except _FAULTS as fault:
            ForgivingRedisCache._silent_until = time.monotonic() + PAUSE_SECONDS
            logger.warning("cache unreachable: %s", type(fault).__name__)
            return otherwise

    def add(self, *args: Any, **kwargs: Any) -> bool:
        return bool(self._forgiving(lambda: super(ForgivingRedisCache, self).add(*args, **kwargs), False))

    def get(self, key: Any, default: Any = None, version: Any = None) -> Any:
        return self._forgiving(lambda: super(ForgivingRedisCache, self).get(key, default, version), default)

    def set(self, *args: Any, **kwargs: Any) -> None:
        self._forgiving(lambda: super(ForgivingRedisCache, self).set(*args, **kwargs), None)

    def touch(self, *args: Any, **kwargs: Any) -> bool:
        return bool(self._forgiving(lambda: super(ForgivingRedisCache, self).touch(*args, **kwargs), False))

    def delete(self, *args: Any, **kwargs: Any) -> bool:
        return bool(self._forgiving(lambda: super(ForgivingRedisCache, self).delete(*args, **kwargs), False))

    def get_many(self, *args: Any, **kwargs: Any) -> Any:
        return self._forgiving(lambda: super(ForgivingRedisCache, self).get_many(*args, **kwargs), {})

    def set_many(self, *args: Any, **kwargs: Any) -> Any:
        return self._forgiving(lambda: super(ForgivingRedisCache, self).set_many(*args, **kwargs), [])

    def delete_many(self, *args: Any, **kwargs: Any) -> None:
        self._forgiving(lambda: super(ForgivingRedisCache, self).delete_many(*args, **kwargs), None)

    def has_key(self, *args: Any, **kwargs: Any) -> bool:
        return bool(self._forgiving(lambda: super(ForgivingRedisCache, self).has_key(*args, **kwargs), False))

    def incr(self, *args: Any, **kwargs: Any) -> Any:
        return self._forgiving(lambda: super(ForgivingRedisCache, self).incr(*args, **kwargs), 0)

    def clear(self) -> None:
        self._forgiving(lambda: super(ForgivingRedisCache, self).clear(), None)
