"""Where a crash can happen: every call of an undisturbed run that makes something durable or speaks to a server."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Sequence
from typing import Protocol

from tests.crash.injection import EIO, ENOSPC, KILL, Fault, counted
from tests.world import World

DURABLE = (
    "fsync", "fdatasync", "pwrite64", "write", "rename", "renameat", "renameat2", "unlink", "unlinkat", "ftruncate",
    "mkdir", "mkdirat",
)  # fmt: skip
# recvfrom as well: a crash there is one between what was sent and its answer.
SPOKEN = ("connect", "sendto", "recvfrom")
# What others than the main thread do: the press (prlimit64: before each job), and the thread that waits for it.
ELSEWHERE = {"prlimit64": range(2, 10), "sendto": range(1, 4), "recvfrom": range(1, 7), "mkdir": range(1, 3)}
DOT = r'sendto\(\d+, "\.\\r\\n"'
Calls = list[tuple[str, int, str]]


class Staged(Protocol):
    """Where a run can be made."""

    @property
    def world(self) -> World:
        """The practice that waits for it."""


def calls(scene: Staged) -> Calls:
    """Work through `scene` undisturbed; give its calls in order, each with its name, its number and its line."""
    counts: Counter[str] = Counter()
    found: Calls = []
    for line in counted(scene.world, DURABLE + SPOKEN):
        name = line.partition("(")[0]
        counts[name] += 1
        found.append((name, counts[name], line))
    return found


def totals(found: Calls) -> dict[str, int]:
    """Give how many calls of each name there are."""
    return {name: number for name, number, _ in found}


def kills(found: Calls) -> list[Fault]:
    """Give every point at which the program can be killed."""
    return [Fault(name, number) for name, number, _ in found]


def kills_elsewhere() -> list[Fault]:
    """Give points at which the press is killed, or the program while it starts the press and waits for it."""
    return [Fault(name, number, everyone=True) for name, numbers in ELSEWHERE.items() for number in numbers]


def failures(found: Calls, stride: int = 1) -> list[Fault]:
    """Give every way in which the disk can fail, once or from then on; of pwrite64 each `stride`-th call.

    Writing to stderr is no matter of the disk.
    """
    return [
        Fault(name, number, error, onward)
        for name, number, line in found
        if name in DURABLE and not line.startswith("write(2,") and (name != "pwrite64" or number % stride == 0)
        for error, onward in ((EIO, False), (EIO, True), (ENOSPC, True))
        # Every write from one on would take the last words away too.
        if not (name == "write" and onward)
    ]


def at(found: Calls, pattern: str, effect: str = KILL) -> Fault:
    """Give a fault at the first call whose line begins as `pattern` says."""
    return next(Fault(name, number, effect) for name, number, line in found if re.match(pattern, line))


def last_before(found: Calls, fault: Fault, name: str, effect: str = KILL) -> Fault:
    """Give a fault at the last call of `name` before the one at which `fault` happens."""
    place = next(at for at, (one, number, _) in enumerate(found) if (one, number) == (fault.syscall, fault.number))
    return Fault(name, [number for one, number, _ in found[:place] if one == name][-1], effect)


def sample(found: Calls, count: int, seed: int) -> list[Fault]:
    """Give `count` points to kill at: the two around the final dot, and others spread over all names of calls."""
    return spread(found, count, seed, around_the_dot(found))


def spread(found: Calls, count: int, seed: int, first: Sequence[Fault] = ()) -> list[Fault]:
    """Give `count` points to kill at: `first`, and others spread over all names of calls."""
    chance, numbers = random.Random(seed), totals(found)
    chosen = [*first]
    names = [name for name in numbers if name != "connect"]
    while len(chosen) < count:
        name = names[len(chosen) % len(names)]
        point = Fault(name, chance.randint(1, numbers[name]))
        chosen += [point] if point not in chosen else []
    return chosen


def around_the_dot(found: Calls) -> list[Fault]:
    """Give the kill just before the first final dot leaves, and one after its answer, while that is written down."""
    dot = at(found, DOT)
    after = found[found.index(next(call for call in found if call[:2] == (dot.syscall, dot.number))) + 1 :]
    end = next(place for place, (name, _, _) in enumerate(after) if name == "fdatasync")
    writes = [number for name, number, _ in after[:end] if name == "pwrite64"]
    return [dot, Fault("pwrite64", writes[len(writes) // 2])]


def second(seed: int) -> Fault:
    """Give a random kill for the recovery."""
    chance = random.Random(seed)
    return Fault(
        chance.choice(("fsync", "fdatasync", "pwrite64", "rename", "sendto", "recvfrom")), chance.randint(1, 9)
    )
