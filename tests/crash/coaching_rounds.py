"""One crash on a busy day in the course of two coachings, from what was dropped to the verdict; or of a credit note."""

from __future__ import annotations

import functools
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.crash import coaching_verdict, verdict
from tests.crash.coaching_scene import Busy, Shelf
from tests.crash.coaching_verdict import Ending
from tests.crash.injection import Ended, Fault, plain, struck
from tests.crash.rounds import DISK_FAILED, NOT_REACHED, Result, not_one_line
from tests.world import World


@dataclass(frozen=True)
class Stage:
    """Where these crashes take place, and what an undisturbed run does: what it leaves, in `done` as well."""

    shelf: Shelf
    done: Path
    expected: Ending


@functools.cache
def staged(base: Path) -> Stage:
    """Give the stage below `base`, made once; whatever is wrong with an undisturbed run, each verdict says."""
    shelf = Shelf(base / "coaching")
    with shelf.scene() as scene:
        scene.world.work()
        return Stage(shelf, scene.root, coaching_verdict.ending(scene))


def kill(stage: Stage, fault: Fault, *, again: Fault | None = None) -> Result:
    """Kill the program at `fault`, with `again` its recovery too, let it work undisturbed, and judge."""
    with stage.shelf.scene() as scene:
        first = struck(scene.world, fault)
        wrong = coaching_verdict.untruths(scene)
        if again is not None:
            struck(scene.world, again)
        return _judged(scene, stage, fault, first, wrong)


def fail(stage: Stage, fault: Fault) -> Result:
    """Let the disk fail at `fault`, judge what was acknowledged, work on with a sound disk, and judge again."""
    with stage.shelf.scene() as scene:
        first = struck(scene.world, fault)
        wrong = [*not_one_line(first), *coaching_verdict.untruths(scene)]
        # What could not be synced may be gone after a power cut, whatever the files look like now.
        if first.hit and fault.syscall == "fsync" and first.code != DISK_FAILED:
            wrong.append(f"after a failed fsync it went on, to exit code {first.code}")
        return _judged(scene, stage, fault, first, wrong)


CREDITED, NOT_CREDITED = "credited", "not credited"
"""How a credit note stood after the crash."""
USED_WRONGLY = 64


class CreditingWorld(World):
    """A practice whose command, whatever is asked, takes the first invoice back."""

    def command(self, *_arguments: str) -> list[str]:
        """Give the command line of the credit note."""
        ((number,),) = self.rows("SELECT min(number) FROM invoices")
        return super().command("credit", str(number))


@dataclass(frozen=True)
class Crediting:
    """One practice whose day is done, of which an invoice is taken back."""

    world: CreditingWorld
    scene: Busy

    @property
    def notes(self) -> int:
        """How many credit notes there are."""
        return len(self.world.rows("SELECT 1 FROM invoices WHERE credits IS NOT NULL"))


@contextmanager
def crediting(stage: Stage) -> Iterator[Crediting]:
    """Give a practice whose day is done."""
    with stage.shelf.scene(stage.done) as scene:
        world = CreditingWorld.__new__(CreditingWorld)
        world.folder, world.settings = scene.world.folder, scene.world.settings
        yield Crediting(world, scene)


def kill_credit(stage: Stage, fault: Fault) -> Result:
    """Kill the command that takes an invoice back at `fault`, give it again, let the program work, and judge."""
    with crediting(stage) as made:
        first = struck(made.world, fault)
        wrong, outcome = coaching_verdict.untruths(made.scene), CREDITED if made.notes else NOT_CREDITED
        again = plain(made.world)
        wrong += [] if again.code == (USED_WRONGLY if outcome == CREDITED else 0) else [f"said again: {again}"]
        with verdict.ONE_AT_A_TIME:
            made.scene.world.work()
            wrong += [*coaching_verdict.untruths(made.scene), *coaching_verdict.quiet(made.scene)]
        sent = made.world.rows("SELECT state FROM messages WHERE purpose = 'invoice' ORDER BY rowid")
        wrong += [] if (made.notes, sent) == (1, [("accepted",)] * 4) else [f"{made.notes} notes, invoices are {sent}"]
        return Result(fault, first.hit, outcome if first.hit else NOT_REACHED, wrong)


def _judged(scene: Busy, stage: Stage, fault: Fault, first: Ended, wrong: list[str]) -> Result:
    with verdict.ONE_AT_A_TIME:
        scene.world.work()
        outcome = coaching_verdict.outcome(scene) if first.hit else NOT_REACHED
        wrong = [*wrong, *coaching_verdict.violations(scene, stage.expected)]
    if not wrong:
        shutil.rmtree(scene.root)
    return Result(fault, first.hit, outcome, wrong)
