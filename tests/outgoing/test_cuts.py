"""A connection cut at any byte, of ours or of the server's: exactly one mail, or a doubt that is shown; P1 and P2.

One practice sends its one mail again and again over a line that is cut at one place more each time; after each cut the
row is put back by hand.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults.proxy import FaultProxy
from tests.faults.rules import Action, Direction, Rule
from tests.faults.scripted import ScriptedSmtp
from tests.outgoing.prepared import START, Clock, Shelf, after, by_hand, opened
from tests.world import World

Send = Callable[[Clock], list[str]]


@pytest.fixture
def proxy(server: ScriptedSmtp) -> Iterator[FaultProxy]:
    """Give a line to `server` that can be cut."""
    with FaultProxy(server.port) as running:
        yield running


@pytest.fixture
def cuttable(shelf: Shelf, tmp_path: Path, proxy: FaultProxy) -> World:
    """Give a practice with one mail that waits, which sends through `proxy`."""
    return shelf.world(tmp_path, smtp=f"{{host: 127.0.0.1, port: {proxy.port}, security: plain-on-loopback}}")


@contextmanager
def sending_again(world: World) -> Iterator[Send]:
    """Give what sends the practice's one mail as if for the first time."""
    with opened(world) as work:

        def send(clock: Clock) -> list[str]:
            by_hand(world, "UPDATE messages SET state = 'queued', attempts = 0, next_at = ?", START.isoformat())
            return work(clock)

        yield send


def unsound(
    world: World, server: ScriptedSmtp, proxy: FaultProxy, direction: Direction, action: Action, places: Iterable[int]
) -> list[tuple[int, object, int]]:
    """Give the places where a cut ends in anything but exactly one mail or a doubt: (place, state, copies)."""
    found = []
    with sending_again(world) as send, opened(world) as work:
        for place in places:
            before = len(server.accepted)
            proxy.add(Rule(direction, action, at_byte=place))
            send(after())
            proxy.behave()
            (state,) = world.states()
            work(after(hours=5))
            copies = len(server.accepted) - before
            (finally_,) = world.states()
            sound = (finally_, copies) == ("accepted", 1) or (state == finally_ == "in_doubt" and copies <= 1)
            found += [] if sound else [(place, finally_, copies)]
    return found


def streams(world: World, proxy: FaultProxy) -> tuple[bytes, bytes]:
    """Send once without a cut; gives what we said and what the server said."""
    with sending_again(world) as send:
        send(after())
    assert world.states() == ["accepted"]
    return proxy.said("to server"), proxy.said("to client")


@pytest.mark.parametrize("action", ["close", "reset"])
def test_a_cut_anywhere_in_what_we_say_never_sends_twice(
    cuttable: World, server: ScriptedSmtp, proxy: FaultProxy, action: Action
) -> None:
    ours, _ = streams(cuttable, proxy)
    mail, body, dot = ours.index(b"MAIL FROM"), ours.index(b"DATA\r\n"), ours.index(b"\r\n.\r\n") + 2
    places = itertools.chain(
        range(0, mail, 19),
        range(mail, body + 8, 13),
        range(body + 8, dot, (dot - body) // 3),
        range(dot - 4, len(ours)),
    )
    assert unsound(cuttable, server, proxy, "to server", action, places) == []


def test_a_cut_anywhere_in_what_the_server_says_before_its_last_answer_never_sends_twice(
    cuttable: World, server: ScriptedSmtp, proxy: FaultProxy
) -> None:
    _, theirs = streams(cuttable, proxy)
    last, first = theirs.rindex(b"250 2.0.0 Ok: taken"), theirs.index(b"250 2.1.0")
    places = itertools.chain(range(0, first, 61), range(first, last + 1, 11))
    assert unsound(cuttable, server, proxy, "to client", "close", places) == []


@pytest.mark.parametrize(
    "passed",
    [
        0,
        1,
        2,
        3, 4, 20, 21,
    ],
)  # fmt: skip
def test_a_cut_in_the_last_answer_never_sends_twice(
    cuttable: World, server: ScriptedSmtp, proxy: FaultProxy, passed: int
) -> None:
    _, theirs = streams(cuttable, proxy)
    last = theirs.rindex(b"250 2.0.0 Ok: taken")
    assert unsound(cuttable, server, proxy, "to client", "close", [last + passed]) == []


@pytest.mark.long
@pytest.mark.parametrize("action", ["close", "reset"])
def test_a_cut_at_every_byte_of_ours_but_the_body_never_sends_twice(
    cuttable: World, server: ScriptedSmtp, proxy: FaultProxy, action: Action
) -> None:
    ours, _ = streams(cuttable, proxy)
    body, dot = ours.index(b"DATA\r\n"), ours.index(b"\r\n.\r\n") + 2
    places = itertools.chain(range(body + 70), range(body + 70, dot - 64, 499), range(dot - 64, len(ours)))
    assert unsound(cuttable, server, proxy, "to server", action, places) == []


@pytest.mark.long
@pytest.mark.parametrize("action", ["close", "reset"])
def test_a_cut_at_every_byte_of_the_server_before_its_last_answer_never_sends_twice(
    cuttable: World, server: ScriptedSmtp, proxy: FaultProxy, action: Action
) -> None:
    _, theirs = streams(cuttable, proxy)
    last = theirs.rindex(b"250 2.0.0 Ok: taken")
    assert unsound(cuttable, server, proxy, "to client", action, range(last + 1)) == []
