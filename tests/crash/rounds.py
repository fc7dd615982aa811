"""One crash from the drop to the verdict, many of them side by side, and the table of what came of them."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from tests.crash import verdict
from tests.crash.injection import Ended, Fault, plain, struck
from tests.crash.scene import Scene, Stage
from tests.world import World

DISK_FAILED = 74
NOT_REACHED = "not reached"
OUTCOMES = (verdict.ONCE, verdict.ARRIVED, verdict.NEVER_LEFT)


@dataclass(frozen=True)
class Result:
    """One fault, the call it hit, how the sends ended, and what is wrong with the end state."""

    fault: Fault
    hit: str
    outcome: str
    wrong: list[str]

    def __str__(self) -> str:
        """Give all of it in one line."""
        return f"{self.fault} at {self.hit or 'nothing'}: {self.outcome}; {'; '.join(self.wrong) or 'right'}"


def kill(stage: Stage, fault: Fault, *, sponsored: bool, again: Fault | None = None) -> Result:
    """Kill the program at `fault`, with `again` kill its recovery too, run it plainly, and judge."""
    scene = stage.scene(sponsored=sponsored)
    first = struck(scene.world, fault)
    if again is not None:
        struck(scene.world, again)
    return _judged(scene, fault, first, [])


def fail(stage: Stage, fault: Fault, *, sponsored: bool) -> Result:
    """Let the disk fail at `fault`, judge what was acknowledged, run plainly with a sound disk, and judge again."""
    scene = stage.scene(sponsored=sponsored)
    first = struck(scene.world, fault)
    wrong = [*not_one_line(first), *verdict.false_acknowledgements(scene)]
    return _judged(scene, fault, first, wrong)


def not_one_line(ended: Ended) -> list[str]:
    """A disk that fails is told in one line with exit code 74, or was no matter at all."""
    expected = {DISK_FAILED: 1, 0: 0}.get(ended.code)
    if len(ended.unexpected) == expected:
        return []
    return [f"exit code {ended.code} with {len(ended.unexpected)} lines: {' | '.join(ended.unexpected[-3:])}"]


def _judged(scene: Scene, fault: Fault, first: Ended, wrong: list[str]) -> Result:
    wrong = [*wrong, *after_a_plain_run(scene.world, lambda: verdict.violations(scene))]
    outcome = verdict.outcome(scene) if first.hit else NOT_REACHED
    if not wrong:
        shutil.rmtree(scene.world.folder.parent)
    return Result(fault, first.hit, outcome, wrong)


def after_a_plain_run(world: World, violations: Callable[[], list[str]]) -> list[str]:
    """Let the program do what there is to do, undisturbed; give what is wrong with that run, or then."""
    last = plain(world)
    if last.code or last.unexpected:
        return [f"the run after it exits {last.code}: {' | '.join(last.unexpected[-3:])}"]
    return violations()


def side_by_side(act: Callable[[Fault], Result], faults: Iterable[Fault]) -> list[Result]:
    """Carry out all of them, as many at a time as there are processors; the results are in their order."""
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        return list(pool.map(act, faults))


def violations(results: list[Result]) -> list[str]:
    """Give those with which something is wrong."""
    return [str(result) for result in results if result.wrong]


def table(results: list[Result], outcomes: tuple[str, ...] = OUTCOMES) -> str:
    """Give how many points of each call ended how."""
    outcomes = (*outcomes, NOT_REACHED)
    kinds = dict.fromkeys(_kind(result) for result in results)
    lines = [f"{'call':34}{'points':>8}{'violations':>12}" + "".join(f"{one:>24}" for one in outcomes)]
    for kind in [*kinds, "all"]:
        those = [result for result in results if kind in {"all", _kind(result)}]
        counts = Counter(result.outcome for result in those)
        broken = sum(bool(result.wrong) for result in those)
        lines.append(f"{kind:34}{len(those):>8}{broken:>12}" + "".join(f"{counts[one]:>24}" for one in outcomes))
    return "\n".join(lines)


def _kind(result: Result) -> str:
    fault = result.fault
    return f"{fault.syscall} {fault.effect}{' from N on' * fault.onward}{' (everyone)' * fault.everyone}"
