"""The floor: the bare library calls for the same documents and mail, without any promise.

As a program (`python -m benchmarks.floor PAPERWORK.json TEMPLATES PORT`) it reads, line by line, which files to do
("3 5" is files 3 and 4), and answers with the moment it began and what its parts took. Jinja, WeasyPrint with one font
configuration, docxtpl and LibreOffice with a profile that stays, the standard library's mail, one SMTP connection.
"""

from __future__ import annotations

import io
import json
import mimetypes
import os
import smtplib
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ASSET = "asset:"


class Floor:
    """The libraries, loaded."""

    def __init__(self, templates: Path, port: int) -> None:
        from jinja2 import Environment, FileSystemLoader
        from weasyprint import HTML
        from weasyprint.text.fonts import FontConfiguration
        from weasyprint.urls import URLFetcher, URLFetcherResponse

        class Fetcher(URLFetcher):  # type: ignore[misc]  # WeasyPrint ships no types
            def fetch(self, url: str, headers: dict[str, str] | None = None) -> Any:
                if url.startswith(ASSET):
                    file = templates / url.removeprefix(ASSET)
                    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
                    return URLFetcherResponse(url, file.read_bytes(), {"Content-Type": kind})
                return super().fetch(url, headers)

        self.html, self.fonts, self.fetcher = HTML, FontConfiguration(), Fetcher()
        self.templates, self.port = templates, port
        self.jinja = Environment(
            loader=FileSystemLoader(templates), autoescape=True, trim_blocks=True, lstrip_blocks=True
        )
        self.parts: Counter[str] = Counter()

    def do(self, files: list[dict[str, Any]]) -> None:
        """Print everything, write the mails, send them over one connection."""
        mails = [mail for file in files for mail in self._mails(file)]
        with self._timed("SMTP"), smtplib.SMTP("127.0.0.1", self.port) as connection:
            for sender, recipient, data in mails:
                connection.sendmail(sender, [recipient], data)

    def _mails(self, file: dict[str, Any]) -> list[tuple[str, str, bytes]]:
        printed = {document["name"]: self.print(document) for document in file["documents"]}
        return [self._mail(mail, printed) for mail in file["mails"]]

    def print(self, document: dict[str, Any]) -> bytes:
        """Print one document."""
        with self._timed(f"print {document['kind']}"):
            if document["template"].endswith(".docx"):
                return self._word(document)
            html = self.jinja.get_template(document["template"]).render(document["values"])
            page = self.html(string=html, url_fetcher=self.fetcher)
            made: bytes = page.write_pdf(font_config=self.fonts, pdf_forms=True)
            return made

    def _word(self, document: dict[str, Any]) -> bytes:
        from docxtpl import DocxTemplate

        template = DocxTemplate(io.BytesIO((self.templates / document["template"]).read_bytes()))
        template.render(document["values"], jinja_env=self.jinja)
        source = Path.cwd() / "quote.docx"
        template.save(source)
        environment = {"PATH": os.environ["PATH"], "HOME": str(source.parent)}
        command = ["soffice", "--headless", "--convert-to", "pdf", "--outdir", str(source.parent), str(source)]
        subprocess.run(command, env=environment, check=True, capture_output=True)
        return source.with_suffix(".pdf").read_bytes()

    def _mail(self, mail: dict[str, Any], printed: dict[str, bytes]) -> tuple[str, str, bytes]:
        with self._timed("mail texts"):
            plain = self.jinja.get_template(mail["text"]).render(mail["values"])
            paragraphs = [block.split("\n") for block in plain.strip().split("\n\n")]
            values = mail["values"] | {"paragraphs": paragraphs, "subject": mail["subject"]}
            rich = self.jinja.get_template("mail.html").render(values)
        with self._timed("compose"):
            letter = EmailMessage(policy=SMTP)
            letter["From"], letter["To"], letter["Subject"] = mail["sender"], mail["recipient"], mail["subject"]
            letter.set_content(plain)
            letter.add_alternative(rich, subtype="html")
            for name in mail["attachments"]:
                letter.add_attachment(printed[name], maintype="application", subtype="pdf", filename=name)
            return mail["sender"], mail["recipient"], letter.as_bytes()

    @contextmanager
    def _timed(self, part: str) -> Iterator[None]:
        began = time.perf_counter()
        yield
        self.parts[part] += time.perf_counter() - began  # type: ignore[assignment]  # a Counter adds floats as well


class FloorProcess:
    """The floor as a process beside this one, with the fonts of the templates only, as the press has."""

    def __init__(self, paperwork: Path, templates: Path, port: int) -> None:
        self.command = [sys.executable, "-m", "benchmarks.floor", str(paperwork), str(templates), str(port)]
        self.environment = os.environ | {"FONTCONFIG_FILE": str(templates / "fonts" / "fonts.conf")}

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            self.command, env=self.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()

    @property
    def pid(self) -> int:
        """The process."""
        return self._process.pid

    def do(self, first: int, count: int) -> tuple[float, dict[str, float]]:
        """Do files `first` to `first + count`; gives the moment it began, and the seconds of its parts."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(f"{first} {first + count}\n")
        self._process.stdin.flush()
        began, parts = json.loads(self._process.stdout.readline())
        return began, parts


def main(paperwork: str, templates: str, port: str) -> None:
    files = json.loads(Path(paperwork).read_text("utf-8"))
    floor = Floor(Path(templates), int(port))
    with tempfile.TemporaryDirectory() as scratch:
        os.chdir(scratch)
        for line in sys.stdin:
            first, last = map(int, line.split())
            floor.parts.clear()
            began = time.monotonic()
            floor.do(files[first:last])
            sys.stdout.write(f"{json.dumps([began, floor.parts])}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
