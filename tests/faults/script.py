"""What a scripted SMTP server does differently, and when.

Takes in steps; hands each out as often as it says. Safe to change while the server runs.
"""

import re
import threading
from dataclasses import dataclass
from typing import Literal

Stage = Literal["connect", "ehlo", "helo", "starttls", "auth", "mail", "rcpt", "data", "dot", "rset", "noop", "quit"]
Drop = Literal["close", "reset", "stall"]


@dataclass(frozen=True)
class Step:
    """One deviation at one stage.

    ``reply`` is sent as it stands, lines parted by a line feed, instead of the usual answer; ``delay`` is
    seconds before any answer; with ``drop`` no answer comes: the line is closed in order, reset, or left
    open and silent (with a ``reply``: the answer comes and then the drop). ``accept`` decides at the final
    dot whether the message counts as taken; by default it does when the answer is 2xx and there is no drop
    without a reply. ``matching`` is looked for in the command line. ``skip`` occasions pass first, then it
    acts ``times`` times, None for ever.
    """

    stage: Stage
    reply: str | None = None
    delay: float = 0
    drop: Drop | None = None
    accept: bool | None = None
    matching: re.Pattern[str] | None = None
    skip: int = 0
    times: int | None = None

    def accepts(self, usual: str) -> bool:
        """Whether a message answered with this step counts as taken by the server."""
        if self.accept is not None:
            return self.accept
        answered = self.reply or ("" if self.drop else usual)
        return answered.startswith("2")


class Script:
    """The steps still to come."""

    def __init__(self) -> None:
        """Begin with none: a server that does everything right."""
        self._steps: list[tuple[Step, list[int]]] = []
        self._lock = threading.Lock()

    def add(self, step: Step) -> None:
        """Append a step; of several that fit, the first added acts."""
        with self._lock:
            self._steps.append((step, [0]))

    def clear(self) -> None:
        """Forget all steps."""
        with self._lock:
            self._steps.clear()

    def take(self, stage: Stage, line: str) -> Step:
        """Return the step that acts now at this stage on this command line, or one without deviation."""
        with self._lock:
            for step, seen in self._steps:
                if step.stage != stage or (step.matching and not step.matching.search(line)):
                    continue
                seen[0] += 1
                turn = seen[0] - step.skip
                if turn > 0 and (step.times is None or turn <= step.times):
                    return step
        return Step(stage)
