"""The press's own program: `python -m pipeline.press SOCKET TEMPLATES SCRATCH PROGRAM`, for `edges.press`."""

from __future__ import annotations

import gc
import os
import socket
import sys
import tempfile
from pathlib import Path
from typing import Any

from pipeline.confined import lock, wire

MEMORY = 1 << 30
SECONDS = 60


class Press:
    """Carries out one job after another."""

    def __init__(self, templates: Path) -> None:
        """Load the libraries and the fonts, which is the slow part."""
        from pipeline.press import countersign, given, invoice, report, stamp, word
        from pipeline.press import templates as jinja
        from pipeline.press.assets import Assets

        self.assets = Assets(templates)
        self.jinja, self.word, self.stamp, self.countersigning = jinja, word, stamp, countersign
        self.reporting, self.given = report, given
        self.html = jinja.environment(self.assets, escape=True)
        self.plain = jinja.environment(self.assets, escape=False)
        self.page = invoice.ArchivePress(self.assets)
        self.invoicing = invoice

    def warm(self) -> None:
        """Print one page that nobody gets, so that the libraries, the house style and its fonts are loaded."""
        linked = '<link rel="stylesheet" href="asset:house.css">' if (self.assets.root / "house.css").is_file() else ""
        self.page.print(f"{linked}<p>warm")

    def print(self, job: dict[str, Any], _: bytes) -> tuple[dict[str, Any], bytes]:
        """Make a PDF from an HTML template."""
        html = self.html.get_template(job["template"]).render(job["values"])
        data, places = self.page.print(html)
        head, stamped = self.finish(job, data)
        head["boxes"] |= places
        return head, stamped

    def fill(self, job: dict[str, Any], _: bytes) -> tuple[dict[str, Any], bytes]:
        """Make a .docx from a Word template."""
        return {}, self.word.fill(self.assets.read(job["template"]), job["values"], self.html)

    def finish(self, job: dict[str, Any], data: bytes) -> tuple[dict[str, Any], bytes]:
        """Stamp a PDF."""
        stamped, pages, boxes = self.stamp.stamp(data, job["document"], job["version"], job["tag"])
        return {"pages": pages, "boxes": boxes}, stamped

    def countersign(self, job: dict[str, Any], sent: bytes) -> tuple[dict[str, Any], bytes]:
        """Put a confirmation after a document that was sent."""
        confirmation, _ = self.page.print(self.html.get_template(job["template"]).render(job["values"]))
        return {}, self.countersigning.countersign(sent, confirmation, job["document"], job["version"])

    def report(self, job: dict[str, Any], given: bytes) -> tuple[dict[str, Any], bytes]:
        """Print a report that the coach wrote, or look at the one that she gives; `wrong` is what she must mend."""
        if job["sort"] == "word":
            word = self.given.word_wrong(given)
            return {"wrong": [(1, word, {})] if word else []}, b""
        if job["sort"] == "pdf":
            return self.given.finished(given, job["document"], job["version"])
        body, wrong = self.reporting.html(job["sections"])
        if wrong:
            return {"wrong": wrong}, b""
        job["values"]["report"]["body"] = body
        head, data = self.print(job, b"")
        return {**head, "wrong": self.reporting.too_long(head["pages"])}, data

    def invoice(self, job: dict[str, Any], _: bytes) -> tuple[dict[str, Any], bytes]:
        """Make an invoice: a PDF/A with its Factur-X inside, and its UBL in the head."""
        terms = job["terms"]
        printed = self.page.archive(self.html.get_template(job["template"]).render(job["values"]))
        inside = self.invoicing.xml(terms, self.invoicing.FACTUR_X)
        embedded = self.invoicing.embed(printed, inside, terms["BT-2"])
        data, pages, _boxes = self.stamp.stamp(embedded, job["document"], job["version"], "")
        return {"pages": pages, "ubl": self.invoicing.xml(job["books"], self.invoicing.UBL).decode()}, data

    def write(self, job: dict[str, Any], _: bytes) -> tuple[dict[str, Any], bytes]:
        """Make a plain text, or with `escape` a page of a mail."""
        environment = self.html if job["escape"] else self.plain
        return {}, environment.get_template(job["template"]).render(job["values"]).encode()

    def check(self, job: dict[str, Any], _: bytes) -> tuple[dict[str, Any], bytes]:
        """Give the names that a template uses and will not get."""
        name, values = job["template"], job["values"]
        if name.endswith(".docx"):
            return {"unknown": self.word.unknown_names(self.assets.read(name), values, self.html)}, b""
        return {"unknown": self.jinja.unknown_names(self.html, name, values)}, b""


JOBS = {
    "print": Press.print, "fill": Press.fill, "finish": Press.finish, "countersign": Press.countersign,
    "invoice": Press.invoice, "report": Press.report, "write": Press.write, "check": Press.check,
}  # fmt: skip


def serve(socket_number: int, templates: Path, scratch: Path) -> None:
    """Take jobs until the program goes away."""
    tempfile.tempdir = str(scratch)
    line = socket.socket(fileno=socket_number)
    lock.limit_memory(MEMORY)
    press = Press(templates)
    press.warm()
    gc.freeze()  # what is loaded stays; collecting it again and again costs a twentieth of the time
    lock.close_doors(scratch.resolve(), press.assets.root, press.assets.shipped)
    while (message := wire.receive(line)) is not None:
        lock.limit_time(SECONDS)
        job, body = message
        try:
            answer = JOBS[job["job"]](press, job, body)
        except MemoryError:
            os._exit(1)
        except BaseException as error:  # noqa: BLE001 - whatever a template does, the answer is what went wrong
            answer = {"error": explain(error)}, b""
        if len(answer[1]) > wire.MOST_BYTES // 2:
            answer = {"error": "what came out is larger than any document"}, b""
        wire.send(line, *answer)


def explain(error: BaseException) -> str:
    """Say in one line what went wrong, with the template's line where it is known."""
    where = [f"{getattr(error, 'filename', '') or ''}", str(getattr(error, "lineno", "") or "")]
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename.endswith((".html", ".txt")) and not where[0]:
            where = [trace.tb_frame.f_code.co_filename, str(trace.tb_lineno)]
        trace = trace.tb_next
    place = ":".join(filter(None, where))
    text = " ".join(str(error).split()) or type(error).__name__
    return f"{place}: {text}"[:500] if place else text[:500]


if __name__ == "__main__":
    os.umask(0o077)
    try:
        serve(int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]))
    except OSError:
        # When the program was killed, the next one may have tidied up behind us; nobody waits for a word.
        if os.getppid() == int(sys.argv[4]):
            raise
