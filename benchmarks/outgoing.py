"""The road out, from a dropped file to the mail server's 250, beside the bare library calls for the same work.

Prints one Markdown table. Floor and product take turns, so that a machine that gets slower or faster meets both; the
figures are medians. `--quick` takes under a minute, the full run under six.
"""

from __future__ import annotations

import itertools
import json
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks import machine
from benchmarks.breakdown import AFTERWARDS, breakdown
from benchmarks.floor import FloorProcess
from benchmarks.papers import paperwork
from benchmarks.reception import Reception
from benchmarks.service import Service
from benchmarks.table import Row
from benchmarks.usage import Usage

GOAL, GOAL_MEMORY = 1.25, 250.0
NOTE = """
Each figure runs from the moment the file is moved into the drop folder (cold: from the start of the process) to the
server's 250 for its last mail; the server is another process and the same for both. *Floor*: Jinja, WeasyPrint with
one font configuration, the standard library's mail, one SMTP connection; no checks, no files kept, no database.
*Freshly saved* holds the half second in which a file must lie still, which keeps half-written files out. The parts
(*of which*) come from the program run in the benchmark's own process with its functions timed from outside."""


@dataclass(frozen=True)
class Counts:
    """How often each thing is done."""

    cold: int
    warm: int
    fresh: int
    sponsored: int
    word: int
    parts: int
    bulk: int


FULL = Counts(cold=5, warm=40, fresh=8, sponsored=15, word=4, parts=20, bulk=200)
QUICK = Counts(cold=1, warm=8, fresh=2, sponsored=3, word=1, parts=6, bulk=20)


class Bench:
    """One practice, one server, and files that are numbered on and on."""

    def __init__(self, root: Path, reception: Reception, *, template: str = "quote.html") -> None:
        self.root, self.reception = root, reception
        self.service = Service(root, reception, template=template)
        self.numbers = itertools.count()

    @contextmanager
    def floor(self, files: int, *, sponsored: bool = False) -> Iterator[FloorProcess]:
        """Give the floor with the paperwork of `files` client files."""
        folder, work = self.service.world.folder, self.root / "paperwork.json"
        work.write_text(json.dumps([paperwork(folder, n, sponsored=sponsored) for n in range(files)]), "utf-8")
        with FloorProcess(work, folder / "templates", self.reception.port) as process:
            yield process

    def floored(self, floor: FloorProcess, first: int, count: int = 1, mails: int = 1) -> float:
        """Give the seconds that the floor takes for some files."""
        began, _ = floor.do(first, count)
        return self.reception.accepted(count * mails) - began

    def cold(self, times: int) -> Row:
        """Both as fresh processes, with one file."""
        floors, products = list[float](), list[float]()
        for _ in range(times + 1):
            began = time.monotonic()
            with self.floor(1) as floor:
                floor.do(0, 1)
                floors.append(self.reception.accepted(1) - began)
            products.append(self.service.once(next(self.numbers)))
        return Row("one file, cold (`run --once`)", floors[1:], products[1:])

    def warm(self, times: int, *, sponsored: bool = False) -> tuple[list[float], list[float]]:
        """Both loaded and at rest, with one file at a time."""
        with self.floor(times + 1, sponsored=sponsored) as floor:
            pairs = [
                (
                    self.floored(floor, turn, mails=1 + sponsored),
                    self.service.one(next(self.numbers), sponsored=sponsored),
                )
                for turn in range(times + 1)
            ]
        return [floor for floor, _ in pairs[1:]], [product for _, product in pairs[1:]]

    def bulk(self, files: int) -> list[Row]:
        """Many files at once: half of the floor's before the product's, half after."""
        half, numbers, used = files // 2, [next(self.numbers) for _ in range(files)], Usage(self.service.process.pid)
        with self.floor(files) as floor:
            self.floored(floor, 0)
            bare, own = Usage(floor.pid), used.seconds()
            started = bare.seconds()
            before = self.floored(floor, 0, half)
            with used.watched():
                took = self.service.many(numbers)
            after = self.floored(floor, half, files - half)
            processor = Row("- processor time of all processes", [bare.seconds() - started], [used.seconds() - own])
        return [
            Row(f"{files} files at once, warm", [before + after], [took], GOAL),
            processor,
            Row("- memory, highest sum of PSS", product=[used.pss / 1024], goal=GOAL_MEMORY, unit="MB"),
            Row("- memory, sum of peak RSS", product=[used.peaks / 1024], unit="MB"),
        ]

    def parts(self, files: int) -> list[Row]:
        """Say where the time of one warm file goes, in both; the service must not run."""
        product = breakdown(self.service, [next(self.numbers) for _ in range(files + 1)])
        taken = list[Counter[str]]()
        with self.floor(files + 1) as floor:
            for turn in range(files + 1):
                taken.append(Counter(floor.do(turn, 1)[1]))
                self.reception.accepted(1)
        bare = {part: [one[part] * 1000 for one in taken[1:]] for part in taken[0]}
        ranked = sorted(product, key=lambda part: (part == AFTERWARDS, -product[part]))
        return [Row(f"- of which {part}", bare.get(part, ()), [product[part] * 1000], unit="ms") for part in ranked]


def measured(root: Path, counts: Counts) -> list[Row]:
    """Measure everything; gives the table's rows."""
    rows = list[Row]()
    with Reception() as reception:
        bench = Bench(_new(root, "html"), reception)
        rows.append(bench.cold(counts.cold))
        parts = bench.parts(counts.parts)
        with bench.service:
            floors, products = bench.warm(counts.warm)
            rows += [Row("one file, warm", floors, products, GOAL), *parts]
            fresh = [bench.service.one(next(bench.numbers), fresh=True) for _ in range(counts.fresh)]
            rows.append(Row("one file, warm, freshly saved", [median(floors)], fresh))
            rows.append(Row("one file with a sponsor (2 mails), warm", *bench.warm(counts.sponsored, sponsored=True)))
            rows += bench.bulk(counts.bulk)
        if shutil.which("soffice"):
            word = Bench(_new(root, "docx"), reception, template="quote.docx")
            with word.service:
                rows.append(Row("one file with a Word quote, warm", *word.warm(counts.word)))
    return rows


def _new(root: Path, name: str) -> Path:
    made = root / name
    made.mkdir()
    return made


def main(arguments: list[str] | None = None) -> None:
    """Measure and print."""
    parser = machine.command("outgoing", __doc__, "fewer turns, under a minute")
    parser.add_argument("--folder", type=Path, help="where to work (else the folder for temporary files)")
    chosen = parser.parse_args(arguments)
    machine.show(lambda folder: measured(folder, QUICK if chosen.quick else FULL), NOTE, chosen.folder)


if __name__ == "__main__":
    main()
