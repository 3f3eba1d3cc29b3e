"""Threads that start at once, and the shop's own code with its row locks taken away, to show what they are for."""

import threading

from django.db import connection
from django.db.models import QuerySet


def together(count, work):
    """Run ``work(n)`` in threads that start at once; their answers, exceptions included."""
    barrier = threading.Barrier(count)
    answers = [None] * count

    def run(n):
        try:
            connection.ensure_connection()
            barrier.wait(30)
            answers[n] = work(n)
        except Exception as error:
            answers[n] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    return answers


def without_row_locks(monkeypatch):
    """From here on ``select_for_update`` reads and waits for nobody."""
    monkeypatch.setattr(QuerySet, "select_for_update", lambda self, **_how: self.all())


def meet_before(monkeypatch, module, name, number):
    """So many threads wait for each other as they come to this function of a module."""
    met, real = threading.Barrier(number), getattr(module, name)

    def met_first(*args, **kwargs):
        met.wait(30)
        return real(*args, **kwargs)

    monkeypatch.setattr(module, name, met_first)


def meet_after(monkeypatch, module, name, number):
    """The same, once each has been through it."""
    met, real = threading.Barrier(number), getattr(module, name)

    def met_then(*args, **kwargs):
        answer = real(*args, **kwargs)
        met.wait(30)
        return answer

    monkeypatch.setattr(module, name, met_then)
