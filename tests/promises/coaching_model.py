"""Every order of what can happen in a coaching, in the real program, against what each person may have by then.

`explore` goes through all orders of acts on a stage, breadth first: orders that lead to the same state are one from
there on, so few steps stand for all of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from pipeline.model import Kind
from tests.promises.coaching_acts import EVENTS, Acts, nobody
from tests.promises.coaching_rights import Violation
from tests.promises.coaching_stage import Moment, Stage

Order = tuple[str, ...]


@dataclass
class Found:
    """What was seen: the new states of each length, the steps taken, and the first order in which something went."""

    states: list[int] = field(default_factory=lambda: [1])
    steps: int = 0
    went: dict[tuple[str, Kind, int], Order] = field(default_factory=dict)

    @property
    def orders(self) -> int:
        """Give how many orders that stands for."""
        return sum(len(EVENTS) ** length for length in range(1, len(self.states)))


def explore(stage: Stage, first: Order, length: int, told: Callable[[str], None] = nobody) -> Found:
    """Let the first events happen, and then every order of events up to a length; raises `Violation` with the order."""
    begin = stage.moment()
    try:
        for count in range(len(first)):
            _happen(stage, first[: count + 1])
        return _explored(stage, first, length, told)
    finally:
        stage.put_back(begin, 0)
        stage.practice.reported.clear()


def _explored(stage: Stage, first: Order, length: int, told: Callable[[str], None]) -> Found:
    found = Found()
    seen, level = {stage.form()}, [(stage.moment(), first)]
    for depth in range(1, length + 1):
        new: list[tuple[Moment, Order]] = []
        for moment, before in level:
            for name in EVENTS:
                order = (*before, name)
                stage.put_back(moment, depth)
                _happen(stage, order)
                found.steps += 1
                found.went |= {one: order for one in stage.rights.went - moment.rights.went if one not in found.went}
                if (form := stage.form()) not in seen:
                    seen.add(form)
                    new.append((stage.moment(whole=depth < length), order))
        level = new
        found.states.append(len(level))
        told(f"length {depth}: {len(level)} new states after {found.steps} steps")
    return found


def _happen(stage: Stage, order: Order) -> None:
    """Let the last of an order happen; a defect that the program survives is one all the same."""
    try:
        EVENTS[order[-1]](Acts(stage))
    except Exception as error:
        raise Violation(f"{error}, after {', '.join(order)}") from error
    if stage.practice.reported:
        raise Violation(f"{stage.practice.reported}, after {', '.join(order)}")
