"""Hearing that mail came (RFC 2177): a hint that makes the next look come sooner, and never more than a hint.

A connection of its own, in a thread of its own. A line that is silently dead, a server that hangs up or babbles: each
ends in a pause that grows, and in another try; what is missed, the regular look finds.
"""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

from pipeline.config.practice import Server
from pipeline.edges.mailbox.connection import Connection, connected
from pipeline.errors import LoginRefused, PipelineError
from pipeline.secret import Secret

LOG = logging.getLogger("pipeline")
PATIENCE = 30.0
AGAIN_AFTER = 9 * 60.0
BREATH = 0.5
FIRST_PAUSE, LONGEST_PAUSE = 5.0, 600.0
AFTER_REFUSED_LOGIN = 1800.0
LIVED = 120.0
NEWS = {b"EXISTS", b"RECENT"}


class Watcher:
    """Calls `wake` when something may have arrived in INBOX, from `start` to `close`; never raises out of its thread.

    `wake` is called in that thread. The password is asked for before, in the thread of the caller.
    """

    def __init__(
        self, server: Server, secret: Secret | None, wake: Callable[[], None], *, pause: float = FIRST_PAUSE
    ) -> None:
        """Watch the account on `server`; `secret` is None where none is needed, `pause` the first and shortest."""
        self._server, self._secret, self._wake, self._pause = server, secret, wake, pause
        self._over = threading.Event()
        self._line: socket.socket | None = None
        self._thread = threading.Thread(target=self._run, name="idle", daemon=True)

    def start(self) -> None:
        """Begin; once."""
        self._thread.start()

    def close(self) -> None:
        """End soon, without waiting for it; only a server that has not greeted yet is given its half minute."""
        self._over.set()
        line = self._line
        if line is not None:
            try:
                # Not the method of TLS, which would pull its state away from under the thread that reads.
                socket.socket.shutdown(line, socket.SHUT_RDWR)
            except OSError:
                return

    @property
    def alive(self) -> bool:
        """Tell whether it still watches; it ends by itself where the server does not know IDLE."""
        return self._thread.is_alive()

    def _run(self) -> None:
        pause = self._pause
        while not self._over.is_set():
            began = time.monotonic()
            try:
                if not self._watch():
                    return
            except LoginRefused:
                pause = AFTER_REFUSED_LOGIN
            except PipelineError:
                pass
            except Exception as defect:  # noqa: BLE001 - it is only a hint: whatever goes wrong, the look goes on
                LOG.debug("idle: %s", type(defect).__name__)
            if time.monotonic() - began > LIVED:
                pause = self._pause
            self._over.wait(pause)
            pause = max(pause, min(pause * 2, LONGEST_PAUSE))

    def _watch(self) -> bool:
        """Watch until the connection ends or we do; False when the server does not know IDLE."""
        try:
            with connected(self._server, self._given, PATIENCE, self._begun) as client:
                if not client.has_capability("IDLE"):
                    return False
                client.select_folder("INBOX", readonly=True)
                while not self._over.is_set():
                    self._idle(client)
        finally:
            self._line = None
        return True

    def _begun(self, line: socket.socket) -> None:
        self._line = line
        if self._over.is_set():
            self.close()

    def _given(self) -> Secret:
        assert self._secret is not None
        return self._secret

    def _idle(self, client: Connection) -> None:
        """IDLE once, for nine minutes at most: routers forget lines that are silent for longer."""
        try:
            self._listen(client)
        except BaseException:
            client.shutdown()  # in the middle of IDLE no goodbye is understood, and it would be waited for
            raise

    def _listen(self, client: Connection) -> None:
        client.idle()
        self._wake()  # what came before the server began to tell
        until = time.monotonic() + AGAIN_AFTER
        while not self._over.is_set() and (left := until - time.monotonic()) > 0:
            began = time.monotonic()
            told = client.idle_check(timeout=left)
            if any(_news(one) for one in told):
                self._wake()
            elif not told and time.monotonic() - began < left:
                break  # nothing before its time: the line is dead, or only encryption spoke
            self._over.wait(BREATH)
        if self._over.is_set():
            return
        client.idle_done()
        client.noop()
        self._over.wait(BREATH)


def _news(told: Any) -> bool:
    return isinstance(told, tuple) and len(told) > 1 and told[1] in NEWS
