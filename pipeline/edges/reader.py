"""The program's side of reading: gives it files, ends it when it takes too long, starts a new one when it is gone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pipeline.confined import wire
from pipeline.confined.process import Process
from pipeline.errors import ReadingFailed, ReadingNotInstalled
from pipeline.policy.named import PdfText
from pipeline.reading.findings import Findings, Recognised, findings, recognised

NEEDED = ("PIL", "cv2", "numpy", "pillow_heif", "pyhanko", "pypdfium2", "zxingcpp")
SECONDS_A_PAGE, MOST_PAGES, SLACK = 10, 60, 20
PATIENCE = float(SECONDS_A_PAGE * MOST_PAGES + SLACK)
MOST_BYTES = wire.MOST_BYTES - (1 << 20)
# One thread: two would reserve address space for a core that is not ours.
ALONE = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"}


def missing() -> tuple[str, ...]:
    """Name what reading needs and what is not installed, without loading any of it."""
    return tuple(name for name in NEEDED if find_spec(name) is None)


class Reader:
    """One reading process; its temporary files are in a folder of its own below `scratch`, which nobody else uses."""

    def __init__(self, scratch: Path, patience: float = PATIENCE) -> None:
        """Get ready; the process starts at `warm` or at the first job."""
        self._process = Process("pipeline.reading", [], scratch, patience, ALONE)

    def warm(self) -> None:
        """Start the process, so that it loads while other things are done; raises `ReadingNotInstalled`."""
        if lacking := ", ".join(missing()):
            raise ReadingNotInstalled(
                f"reading signed papers is not installed ({lacking}); type: pip install 'pipeline[reading]'"
            )
        self._process.warm()

    def close(self) -> None:
        """End the process and leave nothing of it behind."""
        self._process.close()

    def recognise(self, data: bytes) -> Recognised:
        """Say what a file is; raises `ReadingFailed` when it takes too much, `ReadingNotInstalled`."""
        return recognised(self._do({"job": "recognise"}, data)[0])

    def unlock(self, data: bytes, passwords: Sequence[str]) -> bytes:
        """Give a locked PDF without its lock, or nothing when none of these passwords opens it."""
        return self._do({"job": "unlock", "passwords": list(passwords)}, data)[1]

    def text(self, data: bytes) -> PdfText:
        """Give the text of a PDF and what stands beside it; raises `ReadingFailed` (also when it is none), as above."""
        head = self._do({"job": "text"}, data)[0]
        return PdfText(**head | {"pages": tuple(head["pages"]), "active": tuple(head["active"])})

    def judge(
        self,
        sent: bytes,
        boxes: Mapping[str, Any],
        pages: int,
        files: Sequence[bytes],
        places: Sequence[tuple[int, int, int]],
    ) -> tuple[Findings, bytes]:
        """Say what is on the pages of one document, with a picture (PNG) of what was judged.

        `boxes` is name → [page, left, top, width, height] in mm, `places` the page number (from 1), file and page in
        it (from 0); raises `ReadingFailed` and `ReadingNotInstalled`.
        """
        job = {
            "job": "judge", "boxes": dict(boxes), "pages": pages, "sent": len(sent),
            "files": [len(data) for data in files], "places": [list(place) for place in places],
        }  # fmt: skip
        head, picture = self._do(job, b"".join([sent, *files]))
        return findings(head), picture

    def _do(self, job: dict[str, Any], body: bytes) -> tuple[dict[str, Any], bytes]:
        self.warm()
        if len(body) > MOST_BYTES:
            raise ReadingFailed("this is larger than any paper that is read; look at it yourself")
        # A process that died may have been killed for want of memory that others took: once more, in a new one.
        answer = self._process.ask(job, body) or self._process.ask(job, body)
        if answer is None:
            raise ReadingFailed("this takes too much time or memory to read; look at it yourself")
        if "error" in answer[0]:
            raise ReadingFailed(f"this could not be read ({answer[0]['error']}); look at it yourself")
        return answer
