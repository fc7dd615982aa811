"""The program's side of the press: gives it jobs, ends it when it takes too long, starts a new one when it is gone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.config.report import Report, Sort, refused
from pipeline.confined.process import Process
from pipeline.errors import FileProblems, PrintFailed, Problem
from pipeline.words import say

PATIENCE = 60.0
SHORTEST_QUOTED = 3


@dataclass(frozen=True)
class Printed:
    """A finished document: its bytes, pages, and boxes (name → [page, left, top, width, height] in mm).

    `marked` tells whether our name for it is inside: not in a PDF that the coach had signed, which stays as it is.
    """

    data: bytes
    pages: int
    boxes: dict[str, list[float]]
    marked: bool = True


@dataclass(frozen=True)
class PrintedInvoice:
    """A finished invoice: the PDF, which holds its Factur-X, its pages, and the UBL that goes beside it."""

    data: bytes
    pages: int
    ubl: bytes


class Press:
    """One press for one template folder; its temporary files are in a folder of its own below `scratch`."""

    def __init__(self, templates: Path, scratch: Path, word_to_pdf: Callable[[bytes, Path], bytes]) -> None:
        """Get ready; the process starts at `warm` or at the first job. `word_to_pdf` converts a filled .docx."""
        self._word_to_pdf = word_to_pdf
        self._process = Process("pipeline.press", [templates], scratch, PATIENCE, _own_fonts(templates))

    def warm(self) -> None:
        """Start the process, so that it loads while other things are done."""
        self._process.warm()

    def close(self) -> None:
        """End the process and leave nothing of it behind."""
        self._process.close()

    def print(self, template: str, values: Mapping[str, Any], document: str, version: int, tag: str) -> Printed:
        """Print one document, stamped with its code; raises `PrintFailed` with what to mend."""
        job = {"template": template, "values": values, "document": document, "version": version, "tag": tag}
        if template.endswith(".docx"):
            _, filled = self._do(template, {"job": "fill", **job})
            head, data = self._do(template, {"job": "finish", **job}, self._word_to_pdf(filled, self._process.scratch))
        else:
            head, data = self._do(template, {"job": "print", **job})
        return Printed(data, head["pages"], head["boxes"])

    def countersign(self, template: str, values: Mapping[str, Any], sent: bytes, document: str, version: int) -> bytes:
        """Give `sent`, a document of ours, with a confirmation after it; raises `PrintFailed` with what to mend."""
        job = {"template": template, "values": values, "document": document, "version": version}
        return self._do(template, {"job": "countersign", **job}, sent)[1]

    def report(self, template: str, values: Mapping[str, Any], report: Report, document: str, version: int) -> Printed:
        """Make a report's PDF; raises `FileProblems` with what the coach must mend in it, `PrintFailed` otherwise."""
        job = {
            "job": "report", "template": template, "values": values, "document": document, "version": version,
            "tag": "", "sort": report.sort, "sections": _sections(report, values["language"]),
        }  # fmt: skip
        finished = report.sort in {Sort.WORD, Sort.PDF}
        head, data = self._do(template, job, report.data if finished else b"")
        _refuse(report, head["wrong"])
        if report.sort is Sort.WORD:
            head, data = self._do(template, {**job, "sort": Sort.PDF}, self._from_word(report))
            _refuse(report, head["wrong"])
        return Printed(data, head["pages"], {}, head.get("marked", True))

    def _from_word(self, report: Report) -> bytes:
        try:
            return self._word_to_pdf(report.data, self._process.scratch)
        except PrintFailed:
            raise refused(report.file, report.told_in, "report_no_word") from None

    def invoice(
        self, template: str, values: Mapping[str, Any], terms: Mapping[str, Any], document: str, version: int,
        books: Mapping[str, Any] | None = None,
    ) -> PrintedInvoice:  # fmt: skip
        """Print an invoice, with what it says in the terms of EN 16931; raises `PrintFailed` with what to mend.

        `books` is what its UBL says, when that is less.
        """
        job = {
            "template": template, "values": values, "terms": terms, "document": document, "version": version,
            "books": books or terms,
        }  # fmt: skip
        head, data = self._do(template, {"job": "invoice", **job})
        return PrintedInvoice(data, head["pages"], head["ubl"].encode())

    def write(self, template: str, values: Mapping[str, Any], *, escape: bool) -> str:
        """Write a mail's text; `escape` for HTML."""
        return self._do(template, {"job": "write", "template": template, "values": values, "escape": escape})[
            1
        ].decode()

    def unknown_names(self, template: str, values: Mapping[str, Any]) -> list[str]:
        """Give the names that a template uses and that `values`, an example, does not have."""
        return list(self._do(template, {"job": "check", "template": template, "values": values})[0]["unknown"])

    def _do(self, template: str, job: dict[str, Any], body: bytes = b"") -> tuple[dict[str, Any], bytes]:
        answer = self._process.ask(job, body)
        if answer is None:
            raise PrintFailed(f"templates/{template}: this page takes too much time or memory; make it simpler")
        if "error" in answer[0]:
            raise PrintFailed(f"templates/{template}: {_without(job.get('values', {}), answer[0]['error'])}")
        return answer


def _sections(report: Report, language: str) -> list[dict[str, Any]]:
    """Give the sections of a report, each with the heading that is printed in `language`."""
    return [
        {"heading": say(language, part.word) if part.word else part.heading, "text": part.text, "line": part.line,
         "straight": part.straight}
        for part in report.sections
    ]  # fmt: skip


def _refuse(report: Report, wrong: list[tuple[int, str, dict[str, Any]]]) -> None:
    if wrong:
        problems = [Problem(line, 1, say(report.told_in, word, **values)) for line, word, values in wrong]
        raise FileProblems(report.file, problems)


def _without(values: Mapping[str, Any], text: str) -> str:
    """Give an error's text without what stands in the values about people; it is shown and kept."""
    for group in ("client", "sponsor", "buyer"):
        for value in (values.get(group) or {}).values():
            text = text.replace(str(value), "...") if len(str(value)) >= SHORTEST_QUOTED else text
    return text


def _own_fonts(templates: Path) -> dict[str, str]:
    """Have the press use the fonts of the templates only: the same input gives the same bytes on every computer."""
    fonts = templates / "fonts" / "fonts.conf"
    return {"FONTCONFIG_FILE": str(fonts)} if fonts.is_file() else {}
