"""The sandbox server: both halves in one background thread with its own event loop.

Takes in a folder and the accounts, leaves behind `mail.db` in that folder and two ports on 127.0.0.1 while it
runs.
"""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

from pipeline.sandbox import smtp
from pipeline.sandbox.channel import MAX_LINE, Channel
from pipeline.sandbox.folders import INBOX
from pipeline.sandbox.session import Session, Site
from pipeline.sandbox.store import Store, read_messages
from pipeline.sandbox.views import Hub

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path


def _now() -> datetime:
    return datetime.now(UTC).astimezone()


class SandboxServer:
    """A mail server for a demonstration: real SMTP and IMAP on the loopback address, for made-up accounts.

    `host`, `smtp_port` and `imap_port` are set while it runs. All mail survives a restart on the same folder.
    """

    host = "127.0.0.1"

    def __init__(self, folder: Path, accounts: Mapping[str, str], *, clock: Callable[[], datetime] = _now) -> None:
        """Serve `accounts` (full address to password) from `folder`; `clock` gives aware times of arrival."""
        self._path = folder / "mail.db"
        self._accounts = {address.lower(): password for address, password in accounts.items()}
        self._clock = clock
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self.smtp_port = 0
        self.imap_port = 0

    def start(self) -> None:
        """Open the store and both ports.

        Raises sqlite3.Error or OSError when that cannot be done; twice is once.
        """
        if self._thread:
            return
        started: Future[None] = Future()
        self._thread = threading.Thread(target=self._run, args=(started,), name="sandbox-mail", daemon=True)
        self._thread.start()
        try:
            started.result()
        except BaseException:
            self._join()
            raise

    def stop(self) -> None:
        """Hang up on all clients and close the store; what was acknowledged is on disk. Twice is once."""
        if self._thread and self._loop and self._stopping:
            self._loop.call_soon_threadsafe(self._stopping.set)
            self._join()

    def _join(self) -> None:
        if self._thread:
            self._thread.join()
        self._thread = self._loop = self._stopping = None

    def messages(self, address: str, folder: str = INBOX) -> list[bytes]:
        """Give the raw mails of a mailbox in the order they came, server running or not.

        An empty list when there is no such mailbox.
        """
        return read_messages(self._path, address.lower(), folder)

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        """Stop."""
        self.stop()

    def _run(self, started: Future[None]) -> None:
        try:
            asyncio.run(self._serve(started))
        # Whatever keeps it from starting belongs to the thread that called start().
        except Exception as error:
            if started.done():
                raise
            started.set_exception(error)

    async def _serve(self, started: Future[None]) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        with Store(self._path) as store:
            with store.transaction():
                for account in self._accounts:
                    store.folders.open_account(account)
            site = Site(store, Hub(), self._accounts, self._clock)
            sessions = _Sessions(site)
            smtp_server = await self._loop.create_server(lambda: smtp.protocol(site), self.host, 0)
            imap_server = await asyncio.start_server(sessions.serve, self.host, 0, limit=MAX_LINE)
            self.smtp_port = smtp_server.sockets[0].getsockname()[1]
            self.imap_port = imap_server.sockets[0].getsockname()[1]
            started.set_result(None)
            await self._stopping.wait()
            smtp_server.close()
            imap_server.close()
            await sessions.end()


class _Sessions:
    """The open IMAP connections, so that they can be ended."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(Session(Channel(reader, writer), self._site).run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def end(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        # The goodbyes are written but not sent: one more turn of the loop lets them out.
        await asyncio.sleep(0)
