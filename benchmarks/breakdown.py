"""Where the time of one file goes: the program in this process, its functions wrapped from here, nothing hooked in it.

Each part's own time, without that of the parts inside it, until the first mail of a file is accepted. The press stays
the process it is; what its stamp takes is measured by stamping the finished document once more. While another thread
sees to the press, its time stands in the parts of the prints and once more in that of waiting for them.
"""

from __future__ import annotations

import functools
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from statistics import median
from typing import Any

from benchmarks.service import Service
from pipeline.edges import press, smtp
from pipeline.edges.database import Database
from pipeline.outgoing import recorded
from pipeline.outgoing.mail import freezing, letter
from pipeline.outgoing.opening import compose, documents, intake
from pipeline.outgoing.sending import outbox, states
from pipeline.press.stamp import stamp
from pipeline.worker import Worker

OUTSIDE, AFTERWARDS, WAITING = "the rest", "after acceptance", "waiting for the press"
Parts = dict[str, float]
Name = Callable[..., str]


class _Running(threading.local):
    def __init__(self) -> None:
        self.parts: list[str] = []
        self.since = 0.0


class Stopwatch:
    """Adds up seconds by part; a part that begins inside another, in the same thread, stops the other one's clock."""

    def __init__(self) -> None:
        self.parts: Counter[str] = Counter()
        self._running = _Running()

    def begin(self, part: str) -> None:
        self._charge()
        self._running.parts.append(part)

    def end(self) -> None:
        self._charge()
        self._running.parts.pop()

    def move(self, seconds: float, part: str, other: str) -> None:
        """Charge `seconds` of `part` to `other`, and nothing for the time that passed since the clock was read."""
        self.parts[part] -= seconds  # type: ignore[assignment]  # a Counter adds floats as well
        self.parts[other] += seconds  # type: ignore[assignment]
        self._running.since = time.perf_counter()

    def all_to(self, part: str) -> None:
        """Charge all that follows to `part`."""
        self._charge()
        self._running.parts = [part] * len(self._running.parts)

    def _charge(self) -> None:
        now = time.perf_counter()
        if self._running.parts:
            self.parts[self._running.parts[-1]] += now - self._running.since  # type: ignore[assignment]
        self._running.since = now


def breakdown(service: Service, numbers: list[int]) -> Parts:
    """Give the median seconds of each part, over files `numbers` dropped one by one; the first only warms up."""
    with service.world.opened() as practice:
        worker = Worker(practice, tell=lambda _text: None)
        worker.start()
        taken = [_one(service, worker, number) for number in numbers][1:]
    return {part: median(parts.get(part, 0.0) for parts in taken) for part in taken[0]}


def _one(service: Service, worker: Worker, number: int) -> Parts:
    watch = Stopwatch()
    with _wrapped(watch):
        service.move([number])
        watch.begin(OUTSIDE)
        worker.one_pass()
        watch.end()
    service.reception.accepted(1)
    return dict(watch.parts)


@contextmanager
def _wrapped(watch: Stopwatch) -> Iterator[None]:
    """Let the functions of the program report to `watch` for as long as the block lasts."""
    named: list[tuple[Any, str, str | Name]] = [
        (intake, "take_in", "intake"),
        (intake, "read_client_file", "read the client file"),
        (recorded, "revision", "read the facts back"),
        (documents, "document_values", "values"), (freezing, "mail_values", "values"),
        (press.Press, "print", lambda _press, template, *_: f"print {_kind(template)}"),
        (press.Press, "write", "mail texts"),
        (compose, "compose", "compose"),
        (letter, "differences", "checks"),
        (Database, "run", lambda _database, sql, *_: "commits" if sql == "COMMIT" else "database, the rest"),
        (Database, "rows", "database, the rest"),
        (smtp.Conversation, "__init__", "SMTP"), (smtp.Conversation, "offer", "SMTP"),
        (outbox, "send", "outbox"), (states, "mark", "outbox"),
        (os, "fsync", "file syncs"),
        (Future, "result", WAITING),
    ]  # fmt: skip
    with ExitStack() as stack:
        for owner, name, part in named:
            stack.enter_context(_replaced(owner, name, _timed(watch, getattr(owner, name), part)))
        _add_stamp(watch, stack)
        _end_at_acceptance(watch, stack)
        yield


def _timed(watch: Stopwatch, function: Callable[..., Any], part: str | Name) -> Callable[..., Any]:
    @functools.wraps(function)
    def timed(*values: Any, **named: Any) -> Any:
        watch.begin(part if isinstance(part, str) else part(*values))
        try:
            return function(*values, **named)
        finally:
            watch.end()

    return timed


def _add_stamp(watch: Stopwatch, stack: ExitStack) -> None:
    printing: Callable[..., press.Printed] = press.Press.print

    def printed(own: press.Press, template: str, values: Any, *code: Any) -> press.Printed:
        made = printing(own, template, values, *code)
        began = time.perf_counter()
        stamp(made.data, *code)
        watch.move(time.perf_counter() - began, f"print {_kind(template)}", "stamp")
        return made

    stack.enter_context(_replaced(press.Press, "print", printed))


def _end_at_acceptance(watch: Stopwatch, stack: ExitStack) -> None:
    offering: Callable[..., smtp.Outcome] = smtp.Conversation.offer

    def offered(*values: Any) -> smtp.Outcome:
        outcome = offering(*values)
        watch.all_to(AFTERWARDS)
        return outcome

    stack.enter_context(_replaced(smtp.Conversation, "offer", offered))


@contextmanager
def _replaced(owner: Any, name: str, new: Callable[..., Any]) -> Iterator[None]:
    before = getattr(owner, name)
    setattr(owner, name, new)
    try:
        yield
    finally:
        setattr(owner, name, before)


def _kind(template: str) -> str:
    return "quote" if "quote" in template else "consent"
