"""However alike people, mailboxes and files are, each mailbox holds its own canary only.

Drops in any order, right and wrong, answers, releases, lines that break and kills, interleaved at random among twelve
dossiers with like names, shared addresses and shared sponsors.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from tests.promises.crowd import GROUPS, PEOPLE, Crowd, crowded
from tests.promises.crowd_life import live

STEPS = 12


@pytest.fixture(scope="module")
def crowd() -> Iterator[Crowd]:
    """Give the practice in which all interleavings happen."""
    with crowded() as made:
        yield made


def lived(crowd: Crowd, seeds: range) -> Counter[str]:
    """Let these interleavings happen; gives how much happened in all of them."""
    counts = Counter[str]()
    for seed in seeds:
        try:
            counts.update(live(crowd, seed, STEPS).counts)
        except AssertionError as error:
            raise AssertionError(f"interleaving {seed}: {error}") from error
    return counts


def happened(counts: Counter[str]) -> bool:
    """Tell whether everything happened that can go wrong."""
    wrong = {"mixed up", "lost", "killed at work", "killed at the send"}
    return wrong | {f"{kind} to the {party}" for kind in ("profile", "report") for party in ("client", "sponsor")} <= {
        what for what, count in counts.items() if count
    }


def test_each_mailbox_of_a_crowd_holds_its_own_canary_only(crowd: Crowd) -> None:
    assert happened(lived(crowd, range(8)))


@pytest.mark.long
@pytest.mark.timeout(2 * 3600)
def test_in_ten_thousand_interleavings_each_mailbox_holds_its_own_canary_only(crowd: Crowd) -> None:
    """A quarter of an hour of one core."""
    assert happened(lived(crowd, range(10_000)))


def test_the_people_share_names_mailboxes_and_sponsors() -> None:
    names, mailboxes = Counter(one.name for one in PEOPLE), Counter(one.mailbox for one in PEOPLE)
    assert names["Jan Jansen"] == mailboxes["samen@home.example"] == mailboxes["devries@home.example"] == 2
    assert {one.payer for one in PEOPLE} & {one.mailbox for one in PEOPLE}
    assert {number for group in GROUPS for number in group} == set(range(len(PEOPLE)))
