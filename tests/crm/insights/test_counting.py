"""Counts are exact under threads, survive a failed write and an orderly stop, and cost a page no query."""

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

import pytest
from django.db import connections

from crm.insights import services
from crm.insights.buffer import Buffer, Key
from crm.insights.flusher import Flusher
from crm.insights.models import FunnelCount, Metric, Step, VitalCount
from tests.servers import database_address

ROOT = Path(__file__).resolve().parents[3]
DAY = "2026-11-22"
VISIT = Key(day=DAY, step="visit")


@pytest.fixture(autouse=True)
def empty_buffer():
    services.flusher.buffer.drain()
    yield
    services.flusher.buffer.drain()


def run_threads(target, number=8):
    threads = [threading.Thread(target=target) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class CarelessBuffer(Buffer):
    """The buffer without its lock, reading and writing back with a pause between."""

    def add(self, key, times=1):
        seen = self._counts[key]
        time.sleep(0)
        self._counts[key] = seen + times


def count_in_threads(buffer):
    previous = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        run_threads(lambda: [buffer.add(VISIT) for _ in range(2000)])
    finally:
        sys.setswitchinterval(previous)
    return buffer.drain()[VISIT]


@pytest.mark.concurrency
def test_eight_threads_lose_no_count():
    assert count_in_threads(Buffer()) == 16_000


@pytest.mark.concurrency
def test_without_the_lock_counts_are_lost():
    assert count_in_threads(CarelessBuffer()) < 16_000


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_counts_stay_exact_while_another_thread_writes_them():
    written: Counter[Key] = Counter()
    flusher = Flusher(written.update, seconds=0.001)

    run_threads(lambda: [flusher.add(VISIT) for _ in range(2000)])
    flusher.stop()

    assert written[VISIT] == 16_000


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_eight_processes_writing_the_same_rows_add_up():
    keys = [VISIT, Key(day=DAY, step="add"), Key(day=DAY, page="home", metric="lcp", bucket=100)]

    def write():
        for turn in range(20):
            # Each in its own order: the service sorts, so nobody waits for somebody who waits for them.
            services.record_counts(dict.fromkeys(keys if turn % 2 else reversed(keys), 1))
        connections.close_all()

    run_threads(write)

    assert FunnelCount.objects.get(step=Step.VISIT).count == 160
    assert FunnelCount.objects.get(step=Step.ADD).count == 160
    assert VitalCount.objects.get().count == 160


def test_failed_write_keeps_its_counts_for_the_next():
    outcomes = [ConnectionError("away"), None]
    written: Counter[Key] = Counter()

    def write(counts):
        if fault := outcomes.pop(0):
            raise fault
        written.update(counts)

    flusher = Flusher(write, seconds=0)
    flusher.add(VISIT)
    flusher.flush()
    flusher.add(VISIT)
    flusher.flush()

    assert written == {VISIT: 2}
    assert len(flusher.buffer) == 0


def test_nothing_counted_starts_no_thread_and_writes_nothing():
    written = []

    flusher = Flusher(written.append, seconds=0.001)
    flusher.stop()

    assert flusher._thread is None
    assert written == []


def test_forked_child_starts_with_empty_counts_of_its_own():
    flusher = Flusher(lambda counts: None, seconds=0)
    flusher.add(VISIT)
    reader, writer = os.pipe()

    child = os.fork()
    if child == 0:
        os.write(writer, str(len(flusher.buffer)).encode())
        os._exit(0)
    os.waitpid(child, 0)

    assert os.read(reader, 10) == b"0"
    assert len(flusher.buffer) == 1


def wait_until(truth, seconds=10):
    deadline = time.monotonic() + seconds
    while not truth():
        assert time.monotonic() < deadline, "still not true"
        threading.Event().wait(0.01)


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_thread_goes_on_writing_and_holds_no_connection_between_writes():
    def held():
        with connections["default"].cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            return cursor.fetchone()[0]

    before = held()
    flusher = Flusher(services._write, seconds=0.01, rest=services._rest)
    for total in (1, 2, 3):
        flusher.add(VISIT)
        wait_until(lambda: FunnelCount.objects.filter(count=total).exists())  # noqa: B023
        wait_until(lambda: held() == before)
    flusher.stop()

    assert FunnelCount.objects.get().count == 3


def test_thread_survives_what_goes_wrong_after_a_write():
    written: Counter[Key] = Counter()

    def fail():
        raise RuntimeError

    flusher = Flusher(written.update, seconds=0.001, rest=fail)
    for total in (1, 2):
        flusher.add(VISIT)
        wait_until(lambda: written[VISIT] == total)  # noqa: B023
    flusher.stop()


@pytest.mark.django_db
def test_flush_adds_to_what_is_there_with_one_statement_a_table(django_assert_num_queries):
    services.record_counts({VISIT: 2, Key(day=DAY, page="home", metric="lcp", bucket=25): 1})

    # Two more stand around them: the savepoint of the transaction they share.
    with django_assert_num_queries(4):
        services.record_counts({VISIT: 3, Key(day=DAY, page="home", metric="lcp", bucket=25): 4})

    assert FunnelCount.objects.get().count == 5
    assert VitalCount.objects.get().count == 5


@pytest.mark.django_db
def test_counting_makes_no_query(django_assert_num_queries):
    with django_assert_num_queries(0):
        services.count_step(Step.VISIT)
        services.count_vital(page="home", metric=Metric.LCP, milliseconds=1200)

    services.flusher.flush()
    assert FunnelCount.objects.get().count == 1
    assert VitalCount.objects.get().bucket == 1200


@pytest.mark.django_db(transaction=True)
def test_orderly_stop_of_forked_web_workers_loses_nothing():
    """gunicorn loads the shop, forks two workers, answers, and is asked to stop before any flush is due."""
    environment = os.environ | {
        "DATABASE_URL": database_address(),
        "DJANGO_SETTINGS_MODULE": "tests.crm.insights.web_settings",
        "INSIGHTS_FLUSH_SECONDS": "300",
        "PYTHONWARNINGS": "ignore",
    }
    socket = Path(tempfile.gettempdir()) / f"cabas-insights-{os.getpid()}.sock"  # short: paths of sockets are
    server = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "-c", "python:config.gunicorn", "config.wsgi", "--bind", f"unix:{socket}"],
        cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        answers = [beacon(socket) for _ in range(40)]
    finally:
        server.terminate()
        server.wait(20)
        socket.unlink(missing_ok=True)

    assert answers == [204] * 40
    assert VitalCount.objects.get().count == 40


def beacon(path):
    import http.client
    import socket

    body = b'{"page": "accueil", "lcp_ms": 900}'
    deadline = time.monotonic() + 30
    while True:
        connection_ = http.client.HTTPConnection("localhost")
        connection_.sock = socket.socket(socket.AF_UNIX)
        try:
            connection_.sock.connect(str(path))
            break
        except OSError:
            connection_.close()
            assert time.monotonic() < deadline, "gunicorn did not start"
            threading.Event().wait(0.05)
    connection_.request("POST", "/mesures/", body, {"User-Agent": "Mozilla/5.0", "Host": "localhost"})
    status = connection_.getresponse().status
    connection_.close()
    return status
