from config.events import HeartbeatAsked
from config.facts import handler
from config.health import record_beat


@handler(HeartbeatAsked, key="config.relay_heartbeat")
def relay_is_alive(_asked: HeartbeatAsked) -> None:
    record_beat("relay")
