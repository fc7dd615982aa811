"""The program's side of the press: gives it jobs, ends it when it takes too long, starts a new one when it is gone."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.errors import PrintFailed
from pipeline.press import wire

PATIENCE = 60.0
SHORTEST_QUOTED = 3
JOBS_PER_PRESS = 2000


@dataclass(frozen=True)
class Printed:
    """A finished document: its bytes, pages, and boxes (name → [page, left, top, width, height] in mm)."""

    data: bytes
    pages: int
    boxes: dict[str, list[float]]


class Press:
    """One press for one template folder; its temporary files are in a folder of its own below `scratch`."""

    def __init__(self, templates: Path, scratch: Path, word_to_pdf: Callable[[bytes, Path], bytes]) -> None:
        """Get ready; the process starts at `warm` or at the first job. `word_to_pdf` converts a filled .docx."""
        self.templates, self.word_to_pdf = templates, word_to_pdf
        self.scratch = scratch / str(os.getpid())
        self._process: subprocess.Popen[bytes] | None = None
        self._line: socket.socket | None = None
        self._jobs = 0

    def warm(self) -> None:
        """Start the process, so that it loads while other things are done."""
        if self._process is not None and self._process.poll() is None:
            return
        self.close()
        for folder in (self.scratch.parent, self.scratch):
            folder.mkdir(mode=0o700, exist_ok=True)
        ours, theirs = socket.socketpair()
        ours.settimeout(PATIENCE)
        places = [str(self.templates), str(self.scratch), str(os.getpid())]
        command = [sys.executable, "-m", "pipeline.press", str(theirs.fileno()), *places]
        self._process = subprocess.Popen(  # noqa: S603 - our own program
            command,
            pass_fds=[theirs.fileno()],
            env=_environment(self.templates),
            stdin=subprocess.DEVNULL,
            cwd=self.scratch,
        )
        theirs.close()
        self._line, self._jobs = ours, 0

    def print(self, template: str, values: Mapping[str, Any], document: str, version: int, tag: str) -> Printed:
        """Print one document, stamped with its code; raises `PrintFailed` with what to mend."""
        job = {"template": template, "values": values, "document": document, "version": version, "tag": tag}
        if template.endswith(".docx"):
            _, filled = self._do(template, {"job": "fill", **job})
            head, data = self._do(template, {"job": "finish", **job}, self.word_to_pdf(filled, self.scratch))
        else:
            head, data = self._do(template, {"job": "print", **job})
        return Printed(data, head["pages"], head["boxes"])

    def write(self, template: str, values: Mapping[str, Any], *, escape: bool) -> str:
        """Write a mail's text; `escape` for HTML."""
        return self._do(template, {"job": "write", "template": template, "values": values, "escape": escape})[
            1
        ].decode()

    def unknown_names(self, template: str, values: Mapping[str, Any]) -> list[str]:
        """Give the names that a template uses and that `values`, an example, does not have."""
        return list(self._do(template, {"job": "check", "template": template, "values": values})[0]["unknown"])

    def _do(self, template: str, job: dict[str, Any], body: bytes = b"") -> tuple[dict[str, Any], bytes]:
        if self._jobs >= JOBS_PER_PRESS:
            self.close()
        self.warm()
        assert self._line is not None
        self._jobs += 1
        try:
            wire.send(self._line, job, body)
            answer = wire.receive(self._line)
        except (TimeoutError, ConnectionError):
            answer = None
        if answer is None:
            self.close()
            raise PrintFailed(f"templates/{template}: this page takes too much time or memory; make it simpler")
        if "error" in answer[0]:
            raise PrintFailed(f"templates/{template}: {_without(job.get('values', {}), answer[0]['error'])}")
        return answer

    def close(self) -> None:
        """End the process and leave nothing of it behind."""
        if self._line is not None:
            self._line.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._line = self._process = None
        shutil.rmtree(self.scratch, ignore_errors=True)


def _without(values: Mapping[str, Any], text: str) -> str:
    """Give an error's text without what stands in the values about people; it is shown and kept."""
    for group in ("client", "sponsor"):
        for value in (values.get(group) or {}).values():
            text = text.replace(str(value), "...") if len(str(value)) >= SHORTEST_QUOTED else text
    return text


def _environment(templates: Path) -> dict[str, str]:
    """Give the press no more of our surroundings than it needs: no credentials, no proxies, no fonts but its own.

    With the fonts of the templates only, the same input gives the same bytes on every computer. It runs no programs;
    without a path its libraries are found without asking a compiler, which saves a quarter of a second.
    """
    kept = {name: os.environ[name] for name in ("HOME", "LANG", "LD_LIBRARY_PATH") if name in os.environ}
    fonts = templates / "fonts" / "fonts.conf"
    own_fonts = {"FONTCONFIG_FILE": str(fonts)} if fonts.is_file() else {}
    return kept | own_fonts | {"PATH": "/nonexistent", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONSAFEPATH": "1"}
