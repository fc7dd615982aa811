"""``ScriptedSmtp``: a tiny SMTP server on loopback that answers what the test says, at the stage it says.

Takes in deviations by ``at``; leaves in ``accepted`` what it took, and nothing on disk after the ``with``
block.
"""

import contextlib
import re
import socket
import ssl
import tempfile
import threading
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from tests.faults.certificates import Kind, identity
from tests.faults.script import Drop, Stage, Step
from tests.faults.session import Accepted, Session, Settings

_FEATURES = ("PIPELINING", "SIZE 31457280", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES")


class ScriptedSmtp:
    """An SMTP server that does everything right but what ``at`` says.

    Each connection has its own thread. ``port`` is on 127.0.0.1; ``cafile`` is the PEM of the authority a
    client is to trust (with a bad certificate the client must refuse all the same).
    """

    host = "127.0.0.1"

    def __init__(
        self,
        *,
        tls: Literal["none", "starttls", "implicit"] = "starttls",
        certificate: Kind = "good",
        login: tuple[str, str] | None = None,
        features: tuple[str, ...] = _FEATURES,
        strip_starttls: bool = False,
    ) -> None:
        """Prepare; ``with`` opens ``port``.

        With ``login`` a user and password are demanded before MAIL; without, any login is good.
        ``features`` are announced after EHLO, STARTTLS and AUTH on their own; ``strip_starttls`` is the man
        in the middle who takes STARTTLS out and offers AUTH in the clear.
        """
        presented = identity(certificate)
        self._settings = Settings(tls, presented.context, login, features, strip_starttls)
        self._authority = presented.authority_pem
        self.port = 0
        self._sessions: list[Session] = []

    def __enter__(self) -> Self:
        """Listen."""
        self._listener = socket.create_server((self.host, 0))
        self.port = int(self._listener.getsockname()[1])
        self._place = tempfile.TemporaryDirectory()
        self.cafile = str(Path(self._place.name) / "ca.pem")
        Path(self.cafile).write_bytes(self._authority)
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Close the port and every connection."""
        self._settings.over.set()
        # A close alone would leave the thread in accept().
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for session in self._sessions:
            session.cut()
        self._place.cleanup()

    def forget(self) -> None:
        """Forget what was accepted until now."""
        self._settings.accepted.clear()

    @property
    def accepted(self) -> list[Accepted]:
        """The messages taken so far, in order; a copy, safe to read while clients send."""
        return list(self._settings.accepted)

    @property
    def dialogue(self) -> list[str]:
        """The lines of all conversations so far, "C: ..." and "S: ..."; a message body is "C: ." only."""
        return list(self._settings.dialogue)

    def tls(self) -> ssl.SSLContext:
        """Return the strict client context: default settings, trusting ``cafile`` and nothing else."""
        return ssl.create_default_context(cafile=self.cafile)

    def at(  # noqa: PLR0913  # all by name, each a separate fact
        self,
        stage: Stage,
        reply: str | None = None,
        *,
        delay: float = 0,
        drop: Drop | None = None,
        accept: bool | None = None,
        matching: str | None = None,
        skip: int = 0,
        times: int | None = None,
    ) -> None:
        """Deviate at a stage from now on; see ``script.Step``.

        ``at("rcpt", "450 4.2.0 later", times=1)`` greylists; ``at("dot", drop="reset", accept=True)`` takes
        the message and loses the answer.
        """
        pattern = None if matching is None else re.compile(matching)
        self._settings.script.add(Step(stage, reply, delay, drop, accept, pattern, skip, times))

    def behave(self) -> None:
        """Forget all deviations."""
        self._settings.script.clear()

    def _listen(self) -> None:
        while not self._settings.over.is_set():
            try:
                line, _ = self._listener.accept()
            except OSError:
                return
            session = Session(line, self._settings)
            self._sessions.append(session)
            threading.Thread(target=session.run, daemon=True).start()
