import os
import warnings
from typing import Any

from celery import Celery
from celery.platforms import SecurityWarning
from celery.schedules import crontab
from celery.signals import worker_ready

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")

app = Celery("cabas")
# Celery knows its current app by thread: the others, a web server's among them, would get one without broker.
app.set_default()
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
# Crontabs in UTC: beat misreads local ones on clock-change days (celery#1604, #6438).
app.conf.beat_schedule = {
    "heartbeat": {"task": "config.tasks.beat", "schedule": 30.0},
    "outbox-sweep": {"task": "crm.outbox.tasks.send_queued", "schedule": 20.0},
    "outbox-lost": {"task": "crm.outbox.tasks.mark_lost", "schedule": 60.0},
    "outbox-purge": {"task": "crm.outbox.tasks.purge_secrets", "schedule": 60.0},
    "slots-generate": {"task": "delivery.slots.tasks.generate", "schedule": crontab(minute=5, hour="*/6")},
    "rounds-plan": {"task": "delivery.rounds.tasks.plan_due", "schedule": 60.0},
    "rounds-forget": {
        "task": "delivery.rounds.tasks.forget_addresses",
        "schedule": crontab(minute=10, hour=2),
    },
    "runs-tick": {"task": "delivery.tracking.tasks.tick", "schedule": 60.0},
    "runs-forget": {"task": "delivery.tracking.tasks.forget", "schedule": crontab(minute=15, hour=2)},
    "holds-release": {"task": "delivery.slots.tasks.release_expired", "schedule": 60.0},
    "promises-record": {"task": "delivery.promise.tasks.count_record", "schedule": 900.0},
    "promises-decide": {"task": "delivery.promise.tasks.decide_due", "schedule": 60.0},
    "waitlists-work": {"task": "delivery.slots.tasks.work_waitlists", "schedule": 15.0},
    "waitlists-forget": {
        "task": "delivery.slots.tasks.forget_past_waits",
        "schedule": crontab(minute=40, hour=2),
    },
    "payments-reconcile": {"task": "shop.payments.tasks.reconcile", "schedule": 60.0},
    "payments-authorise-due": {"task": "shop.payments.tasks.authorise_due", "schedule": 300.0},
    "payments-renew-ending": {"task": "shop.payments.tasks.renew_ending", "schedule": 900.0},
    "payments-forget": {
        "task": "shop.payments.tasks.forget_digests",
        "schedule": crontab(minute=35, hour=2),
    },
    "prices-apply-due": {"task": "shop.pricing.tasks.apply_due", "schedule": 60.0},
    "orders-expire": {"task": "shop.orders.tasks.expire_unpaid", "schedule": 60.0},
    "pickups-remind": {"task": "shop.orders.tasks.remind_pickups", "schedule": 300.0},
    "orders-charge": {"task": "shop.orders.tasks.charge_packed", "schedule": 3600.0},
    "orders-make-good": {"task": "shop.orders.tasks.make_good_due", "schedule": 300.0},
    "orders-off-shelves": {"task": "shop.orders.tasks.take_off_shelves", "schedule": 900.0},
    "claims-carry-on": {"task": "shop.claims.tasks.carry_on", "schedule": 120.0},
    "claims-forget": {"task": "shop.claims.tasks.forget", "schedule": crontab(minute=25, hour=2)},
    "recalls-work": {"task": "shop.recalls.tasks.work", "schedule": 15.0},
    "picking-open-waves": {"task": "shop.picking.tasks.open_waves", "schedule": 60.0},
    "shortages-tell": {"task": "shop.orders.tasks.tell_shortages", "schedule": 600.0},
    "shortages-settle": {"task": "shop.orders.tasks.settle_shortages", "schedule": 60.0},
    "popularity-count": {
        "task": "shop.orders.tasks.count_popularity",
        "schedule": crontab(minute=20, hour=3),
    },
    "stock-tell-restocked": {"task": "shop.stock.tasks.tell_restocked", "schedule": 900.0},
    "stock-forget-alerts": {
        "task": "shop.stock.tasks.forget_old_alerts",
        "schedule": crontab(minute=50, hour=1),
    },
    "stock-note-sales": {"task": "shop.orders.tasks.note_sales", "schedule": crontab(minute=50, hour=3)},
    "points-expire": {"task": "loyalty.points.tasks.expire", "schedule": crontab(minute=15, hour=1)},
    "points-announce": {"task": "loyalty.points.tasks.announce", "schedule": crontab(minute=30, hour=8)},
    "referrals-forget": {
        "task": "loyalty.referrals.tasks.forget",
        "schedule": crontab(minute=55, hour=2),
    },
    "points-verify": {"task": "loyalty.points.tasks.verify", "schedule": crontab(minute=45, hour=3)},
    "milestones-celebrate": {
        "task": "loyalty.milestones.tasks.celebrate",
        # Again through the day: of one that died half way the rest is done by the next.
        "schedule": crontab(minute=40, hour="7,9,11,14,17"),
    },
    "rewards-verify": {"task": "loyalty.rewards.tasks.verify", "schedule": crontab(minute=55, hour=3)},
    "stock-check": {"task": "shop.stock.tasks.check_drift", "schedule": crontab(minute=35, hour=3)},
    "missed-collect": {"task": "shop.search.tasks.collect_missed", "schedule": 300.0},
    "missed-forget": {"task": "shop.search.tasks.forget_missed", "schedule": crontab(minute=50, hour=2)},
    "reviews-forget": {"task": "shop.reviews.tasks.forget_old", "schedule": crontab(minute=50, hour=2)},
    "desk-forget": {"task": "crm.desk.tasks.forget_old", "schedule": crontab(minute=10, hour=2)},
    "desk-end-phone-orders": {"task": "crm.desk.tasks.end_phone_orders", "schedule": 300.0},
    "tries-forget": {"task": "config.tasks.forget_tries", "schedule": crontab(minute=40)},
    "sessions-clear": {"task": "config.tasks.clear_sessions", "schedule": crontab(minute=20, hour=2)},
}


@worker_ready.connect
def announce(**_kwargs: Any) -> None:
    """Give the first sign of life at once: /sante/ would else miss worker and relay for half a minute."""
    app.send_task("config.tasks.beat")


if os.environ.get("CABAS_PROCESS"):
    # A laptop's root runs its own demonstration: tasks carry ids only, never pickles.
    warnings.filterwarnings("ignore", category=SecurityWarning)
