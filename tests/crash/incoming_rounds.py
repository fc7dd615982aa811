"""One crash on the road in, from the unread answers to the verdict."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.crash import incoming_verdict, points
from tests.crash.incoming_scene import Arrived, Place, Shelf
from tests.crash.incoming_verdict import Ending
from tests.crash.injection import Ended, Fault, struck
from tests.crash.rounds import DISK_FAILED, NOT_REACHED, Result, after_a_plain_run, not_one_line

Judge = Callable[[Arrived, Ending, list[Place]], list[str]]


@dataclass(frozen=True)
class Stage:
    """Where these crashes take place, and what an undisturbed run does: its calls, and what it leaves in `done`."""

    shelf: Shelf
    found: points.Calls
    done: Path
    expected: Ending
    mailbox: list[Place]


def stage(shelf: Shelf, judge: Judge = incoming_verdict.violations) -> Stage:
    """Let one run end undisturbed, and look; nothing may be wrong with it."""
    with shelf.scene() as scene:
        found = points.calls(scene)
        made = Stage(shelf, found, scene.root, incoming_verdict.ending(scene), scene.mailbox)
        assert judge(scene, made.expected, made.mailbox) == []
    return made


def kill(stage: Stage, fault: Fault, *, again: Fault | None = None, renumbered: bool = False) -> Result:
    """Kill the program at `fault`, with `again` its recovery too, with `renumbered` number the INBOX anew; judge."""
    with stage.shelf.scene() as scene:
        before = scene.mailbox
        first = struck(scene.world, fault)
        if again is not None:
            struck(scene.world, again)
        wrong = [] if scene.mailbox == before else ["the mailbox was changed"]
        if renumbered:
            scene.renumber()
        return _judged(scene, stage, fault, first, wrong)


def kill_tidying(stage: Stage, fault: Fault, *, renumbered: bool) -> Result:
    """Kill the program at `fault` where rules mark and move, with `renumbered` number the INBOX anew, and judge."""
    with stage.shelf.scene() as scene:
        first = struck(scene.world, fault)
        if renumbered:
            scene.renumber()
        wrong = after_a_plain_run(scene.world, lambda: incoming_verdict.untidied(scene, stage.expected, stage.mailbox))
        return _result(scene, fault, first, wrong)


def fail(stage: Stage, fault: Fault) -> Result:
    """Let the disk fail at `fault`, judge what was acknowledged, run plainly with a sound disk, and judge again."""
    with stage.shelf.scene() as scene:
        before = scene.mailbox
        first = struck(scene.world, fault)
        wrong = [] if scene.mailbox == before else ["the mailbox was changed"]
        wrong += [*not_one_line(first), *incoming_verdict.false_acknowledgements(scene, stage.expected)]
        # What could not be synced may be gone after a power cut, whatever the files look like now.
        if first.hit and fault.syscall == "fsync" and first.code != DISK_FAILED:
            wrong.append(f"after a failed fsync it went on, to exit code {first.code}")
        return _judged(scene, stage, fault, first, wrong)


def _judged(scene: Arrived, stage: Stage, fault: Fault, first: Ended, wrong: list[str]) -> Result:
    mailbox = scene.mailbox
    wrong += after_a_plain_run(scene.world, lambda: incoming_verdict.violations(scene, stage.expected, mailbox))
    return _result(scene, fault, first, wrong)


def _result(scene: Arrived, fault: Fault, first: Ended, wrong: list[str]) -> Result:
    ended = incoming_verdict.outcome(scene)
    if not wrong:
        shutil.rmtree(scene.root)
    # A reader that was killed is not seen in the program's own end.
    hit = first.hit or ("the reading" if ended == incoming_verdict.SHOWN else "")
    return Result(fault, hit, ended if hit else NOT_REACHED, wrong)
