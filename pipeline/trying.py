"""Taking one step of a pass: what it needs can be away, and then the other steps go on.

Takes a step and the server it needs; leaves how much it moved, and of trouble one sentence, said once. Only a failing
disk goes up: nothing is to be taken as done then.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from pipeline.errors import LoginRefused, NotReachable, PipelineError, StorageFailed, disk_failed
from pipeline.practice import Practice

Tell = Callable[[str], None]
LONGEST_PAUSE = 300.0
AFTER_REFUSED_LOGIN = 900.0


@dataclass
class Server:
    """A server that is needed for a step: when to try it again, with a pause that doubles while it is away."""

    until: float = 0.0
    pause: float = 5.0

    def failed(self) -> None:
        """Wait longer each time."""
        self.until, self.pause = time.monotonic() + self.pause, min(self.pause * 2, LONGEST_PAUSE)

    def rest(self, seconds: float) -> None:
        """Leave it alone for a while."""
        self.until = time.monotonic() + seconds

    @property
    def waiting(self) -> bool:
        """Tell whether it is too early to try."""
        return time.monotonic() < self.until


@dataclass(frozen=True)
class Step:
    """One step of a pass: its name, what it does, and the server it needs."""

    name: str
    act: Callable[[], int]
    server: Server | None = None


class Trying:
    """Takes steps, and knows which of them are in trouble."""

    def __init__(self, practice: Practice, tell: Tell) -> None:
        """Take the steps of `practice`; `tell` hears of trouble."""
        self._practice, self._tell = practice, tell
        self._trouble: dict[str, str] = {}

    def take(self, step: Step) -> int:
        """Take one step; when what it needs is away, say so once, and let the other steps go on."""
        server = step.server
        if server and server.waiting:
            return 0
        try:
            moved = step.act()
        except StorageFailed:
            raise
        except (PipelineError, OSError) as error:
            self.troubled(step.name, error)
            self._leave_alone(server, error)
            return 0
        self.well(step.name)
        if server:
            server.pause = Server.pause
        return moved

    def _leave_alone(self, server: Server | None, error: PipelineError | OSError) -> None:
        if server and isinstance(error, LoginRefused):
            self._practice.secrets.clear()  # the next try looks the password up again
            server.rest(AFTER_REFUSED_LOGIN)
        elif server:
            server.failed()

    def troubled(self, name: str, error: PipelineError | OSError) -> None:
        """Say what is wrong, unless that was said the last time; raises `StorageFailed` when it is the disk."""
        if isinstance(error, OSError) and disk_failed(error):
            raise StorageFailed(
                f"{error.filename or 'the disk'}: {error.strerror}; nothing was taken as done"
            ) from error
        text = f"{error.filename or name}: {error.strerror}" if isinstance(error, OSError) else str(error)
        later = "; trying again later" if isinstance(error, NotReachable | OSError) else ""
        if self._trouble.get(name) != text:
            self._tell(f"{text}{later}")
        self._trouble[name] = text

    def well(self, name: str) -> None:
        """Forget the trouble that a step was in."""
        self._trouble.pop(name, None)

    def in_trouble(self, names: AbstractSet[str]) -> bool:
        """Tell whether one of these steps could not be taken the last time."""
        return bool(self._trouble.keys() & names)
