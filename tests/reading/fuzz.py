"""Mutate papers and pictures and have the real reading process look at them, and judge what it still recognises.

`python -m tests.reading.fuzz --seconds 60 --seed 1`
"""

from __future__ import annotations

import io
import sys
import tempfile
import time
import traceback
from pathlib import Path
from random import Random

import pikepdf
import pypdfium2

from pipeline.edges.reader import Reader
from pipeline.errors import ReadingFailed
from pipeline.model import Kind
from pipeline.reading.findings import Content, Ink
from tests.incoming.fuzz import FEWEST, Report, asked, told
from tests.reading import forms

PIECES = [b"endobj", b"stream\n", b"endstream", b"<<", b">>", b"/Kids [3 0 R]", b"/Parent 3 0 R", b"/Length 99999999",
          b"/Count -1", b"xref\n", b"startxref\n0", b"/OpenAction <</S /JavaScript /JS (x)>>", b"/OC 1 0 R", b"\0" * 64,
          b"/MediaBox [0 0 1e9 1e9]", b"/Rotate 7", b"q " * 500, b"/Filter [/FlateDecode /FlateDecode]"]  # fmt: skip


def seeds() -> list[bytes]:
    """Give a paper as it was sent, uncompressed and compressed, and pictures of its first page."""
    paper = forms.sent(Kind.CONSENT).data
    plain = io.BytesIO()
    with pikepdf.open(io.BytesIO(paper)) as pdf:
        pdf.save(plain, compress_streams=False, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    pictures = []
    with pypdfium2.PdfDocument(paper) as document:
        picture = document[0].render(scale=1.5).to_pil()
    for form in ("JPEG", "PNG", "TIFF", "GIF"):
        made = io.BytesIO()
        picture.save(made, form)
        pictures.append(made.getvalue())
    return [paper, plain.getvalue(), plain.getvalue(), *pictures]


def mutated(data: bytes, random: Random) -> bytes:
    """Give a file with some octets changed, pieces put in, moved or taken out, or its end cut off."""
    changed = bytearray(data)
    for _ in range(random.randint(1, 12)):
        at, length = random.randrange(len(changed) + 1), random.choice([1, 4, 64, 4096])
        way = random.randrange(5)
        if way == 0:
            changed[at : at + length] = random.randbytes(length)
        elif way == 1:
            changed[at:at] = random.choice(PIECES)
        elif way == 2:
            del changed[at : at + length]
        elif way == 3:
            there = random.randrange(len(changed) + 1)
            changed[at:at] = changed[there : there + length]
        elif random.random() < 0.3:
            del changed[at:]
    return bytes(changed)


def fuzz(seconds: float, seed: int) -> Report:
    """Mutate and read for so long, from this seed; a failure is what is neither an answer nor `ReadingFailed`."""
    random, report, samples, paper = Random(seed), Report(), seeds(), forms.sent(Kind.CONSENT)
    with tempfile.TemporaryDirectory() as folder:
        reader = Reader(Path(folder))
        end = time.monotonic() + seconds
        while (report.runs < FEWEST or time.monotonic() < end) and len(report.failures) < 10:
            data = mutated(random.choice(samples), random)
            begun = time.monotonic()
            try:
                found = reader.recognise(data)
                report.accepted += bool(found.codes)
                if found.codes and random.random() < 0.2:
                    _judge(reader, paper, data, report)
            except ReadingFailed:
                pass
            except Exception:  # noqa: BLE001 - whatever a reader raises is what this looks for
                report.failures.append(f"run {report.runs}: {traceback.format_exc()}")
            report.slowest = max(report.slowest, time.monotonic() - begun)
            report.runs += 1
        reader.close()
    return report


def _judge(reader: Reader, paper: forms.Paper, data: bytes, report: Report) -> None:
    """Judge a mutated blank: whatever it shows, it is not a whole paper that somebody signed."""
    found, _ = reader.judge(paper.data, paper.boxes, paper.pages, [data], [(1, 0, 0), (2, 0, 1)])
    whole = len(found.pages) == paper.pages and all(page.content is Content.UNCHANGED for page in found.pages)
    if whole and found.signature is Ink.SIGNED:
        report.failures.append(f"run {report.runs}: a mutated blank is taken as signed")


if __name__ == "__main__":
    chosen = asked()
    sys.exit(told(fuzz(chosen.seconds, chosen.seed)))
