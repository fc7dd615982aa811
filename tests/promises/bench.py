"""A press on a bench: a template folder of its own, secrets beside it, and a trap that counts who comes by."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import Self

from PIL import Image

from pipeline.edges import office
from pipeline.edges.press import Press
from pipeline.errors import PrintFailed

CANARY = "zqsecretqz"


class Trap:
    """A web server on loopback that answers nothing useful; `hits` are the first lines it was asked."""

    def __enter__(self) -> Self:
        """Listen."""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.hits: list[str] = []
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Close the port; a close alone would leave the thread in accept()."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _listen(self) -> None:
        while True:
            try:
                line, _ = self._listener.accept()
            except OSError:
                return
            with line, contextlib.suppress(OSError):
                self.hits.append("came by")
                line.settimeout(2)
                self.hits[-1] = line.recv(200).decode("ascii", "replace").split("\r\n")[0]
                line.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


class Bench:
    """One press and what is around it."""

    def __init__(self, root: Path, trap: Trap) -> None:
        """Lay out the folders; the secrets stand beside `templates`, one of each kind that a page could show."""
        self.root, self.trap, self.templates, self.scratch = root, trap, root / "templates", root / "scratch"
        self.templates.mkdir(parents=True)
        picture = BytesIO()
        Image.new("RGB", (8, 8), "red").save(picture, "PNG")
        for name, data in {
            "secret.txt": CANARY.encode(), "secret.css": f'body::after {{ content: "{CANARY}" }}'.encode(),
            "secret.html": f"<p>{CANARY}".encode(), "secret.png": picture.getvalue(),
            "secret.svg": f'<svg xmlns="http://www.w3.org/2000/svg"><text y="9">{CANARY}</text></svg>'.encode(),
        }.items():  # fmt: skip
            (root / name).write_bytes(data)
        self.add("well.txt", "All is well, {{ name }}.")
        self.press = Press(self.templates, self.scratch, office.to_pdf)

    def add(self, name: str, text: str | bytes) -> None:
        """Put a template on the bench: `URL` in it is the trap's address, `ROOT` the folder with the secrets."""
        if isinstance(text, str):
            text = text.replace("URL", self.trap.url).replace("ROOT", str(self.root)).encode()
        (self.templates / name).write_bytes(text)

    def hurry(self, seconds: float) -> None:
        """Wait for the answers of the press that runs no longer than this; the next one has its usual time."""
        line = self.press._process._line  # noqa: SLF001 - a press that starts needs more time than a test has
        assert line is not None
        line.settimeout(seconds)

    def print(self, name: str, values: Mapping[str, object] | None = None) -> bytes:
        """Print a template."""
        return self.press.print(name, values or {}, "K7Q4-MX2P-1", 1, "ABCDE").data

    def well(self) -> bool:
        """Tell whether the press does the next, innocent job."""
        return self.press.write("well.txt", {"name": "Ann"}, escape=False) == "All is well, Ann."

    def tried(self, name: str, values: Mapping[str, object] | None = None) -> tuple[str, bytes]:
        """Give why a template cannot be printed and nothing, or an empty text and its PDF."""
        try:
            return "", self.print(name, values)
        except PrintFailed as error:
            return str(error), b""

    def failure(self, name: str, values: Mapping[str, object] | None = None) -> str:
        """Give why a template cannot be printed, or an empty text when it can."""
        return self.tried(name, values)[0]

    def left_over(self) -> list[Path]:
        """Give the files that lie in the scratch folder."""
        return [path for path in self.scratch.rglob("*") if path.is_file()] if self.scratch.exists() else []


def presses_of(program: int, templates: Path | None = None) -> list[int]:
    """Give the ids of the presses that `program` has started, for some templates only, and that still are there."""
    children = Path(f"/proc/{program}/task/{program}/children").read_text("ascii").split()
    commands = {int(child): Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0") for child in children}
    places = {os.fsencode(templates)} if templates else set()
    return [child for child, command in commands.items() if {b"pipeline.press", *places} <= set(command)]
