"""A server process that cannot outlive the test run.

Takes in a command line; leaves behind neither process nor directory, even when the test run is killed
with -9: a small shell reads a pipe whose other end we hold, and ends the server's process group when that end
closes.
"""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.mailstack.account import Account, is_root

# Any word on the pipe means an orderly end, end of file that the test run died.
_WATCHDOG = """\
read -r word && exit 0
kill -s TERM -- "-$1"
sleep 0.5
kill -s KILL -- "-$1"
rm -rf -- "$2"
"""
_GRACE = 0.25
_GROUP_GONE = 0.1


class Watched:
    """A server in a process group of its own, with a watchdog; ``stop`` ends both."""

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        directory: Path,
        remove: Path,
        output: Path,
        env: Mapping[str, str],
        account: Account | None = None,
    ) -> None:
        """Start the command in directory, its output appended to a file.

        When we are root and an account is given, it runs as that account.
        ``remove`` is the directory the watchdog removes should the test run die.
        """
        other = account if is_root() else None
        with output.open("ab") as sink:
            self._server = subprocess.Popen(
                list(command),
                cwd=directory,
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=sink,
                start_new_session=True,
                user=other.uid if other else None,
                group=other.gid if other else None,
                extra_groups=[] if other else None,
            )
        self._watchdog = subprocess.Popen(
            ["/bin/sh", "-c", _WATCHDOG, "watchdog", str(self._server.pid), str(remove)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        """The server's process id, which is its process group as well."""
        return self._server.pid

    def alive(self) -> bool:
        """Whether the server process runs."""
        return self._server.poll() is None

    def stop(self) -> None:
        """End the whole group, asked first and killed after a quarter of a second; then the watchdog."""
        # The group, not the master alone: Dovecot's master waits seconds for children that were not asked.
        self._signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._server.wait(_GRACE)
        self._wait_for_group()
        self._signal(signal.SIGKILL)
        self._server.wait()
        self._dismiss_watchdog()

    def _wait_for_group(self) -> None:
        # Bounded: where process 1 reaps no orphans, dead children stay members for ever.
        deadline = time.monotonic() + _GROUP_GONE
        while time.monotonic() < deadline and self._signal(0):
            time.sleep(0.002)

    def _signal(self, number: int) -> bool:
        try:
            os.killpg(self.pid, number)
        except (ProcessLookupError, PermissionError):
            return False
        return True

    def _dismiss_watchdog(self) -> None:
        with contextlib.suppress(BrokenPipeError):
            self._watchdog.communicate(b"done\n", timeout=5)
