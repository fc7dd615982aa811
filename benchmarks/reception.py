"""The mail server that floor and product send to: takes everything at once, and tells when it did.

As a program (`python -m benchmarks.reception`) it listens on loopback, says its port, and then, for each mail, the
moment just before its 250 (the system-wide monotonic clock) and the recipient. It keeps nothing and checks nothing, so
that it is not what is measured.
"""

from __future__ import annotations

import queue
import socketserver
import subprocess
import sys
import threading
import time
from types import TracebackType
from typing import Self

PATIENCE = 300.0
REPLIES = {b"EHLO": "250-benchmark\r\n250 8BITMIME", b"DATA": "354 go on", b"QUIT": "221 bye"}


class Conversation(socketserver.StreamRequestHandler):
    """One connection."""

    disable_nagle_algorithm = True

    def handle(self) -> None:
        recipient = ""
        self._say("220 benchmark")
        for line in self.rfile:
            verb = line[:4].upper()
            self._say(REPLIES.get(verb, "250 ok"))
            if verb == b"RCPT":
                recipient = line.decode().partition("<")[2].partition(">")[0]
            elif verb == b"DATA":
                self._take(recipient)
            elif verb == b"QUIT":
                return

    def _take(self, recipient: str) -> None:
        for line in self.rfile:
            if line == b".\r\n":
                break
        sys.stdout.write(f"{time.monotonic()} {recipient}\n")
        sys.stdout.flush()
        self._say("250 ok")

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


class Reception:
    """The server as a process beside this one; `accepted` gives the moments at which mails were taken."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.reception"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())
        self._moments: queue.Queue[float] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._moments.put(float(line.split()[0]))

    def accepted(self, mails: int) -> float:
        """Wait for the next `mails` mails; gives the moment of the last of them."""
        return max(self._moments.get(timeout=PATIENCE) for _ in range(mails))


def main() -> None:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Conversation) as server:
        server.daemon_threads = True
        sys.stdout.write(f"{server.server_address[1]}\n")
        sys.stdout.flush()
        threading.Thread(target=server.serve_forever, daemon=True).start()
        sys.stdin.read()  # ends with the program that started this one


if __name__ == "__main__":
    main()
