"""Reading what left: a mail as its reader sees it, with the text of every PDF that hangs on it."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage

import pikepdf
import pypdfium2


@dataclass(frozen=True)
class Letter:
    """One mail, decoded; `papers` is file name → the PDF's text without white space."""

    headers: tuple[tuple[str, str], ...]
    plain: str
    rich: str
    papers: Mapping[str, str]

    @property
    def everything(self) -> str:
        """All that can be read in it, white space left out, since a long word may break anywhere on paper."""
        said = [text for header in self.headers for text in header]
        return squeezed(" ".join([*said, self.plain, self.rich, *self.papers, *self.papers.values()]))


def read(raw: bytes) -> Letter:
    """Read a mail as it came over the wire."""
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    papers = {part.get_filename() or "": text_of(part.get_content()) for part in message.iter_attachments()}
    headers = tuple((name, str(value)) for name, value in message.items())
    return Letter(headers, _body(message, "plain"), unmarked(_body(message, "html")), papers)


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def unmarked(page: str) -> str:
    """Give the text of an HTML page: tags away, then references decoded."""
    return html.unescape(re.sub(r"<[^>]*>", " ", re.sub(r"(?s)<(title|style)\b.*?</\1>", " ", page)))


def text_of(pdf: bytes) -> str:
    """Give the text of all pages, white space left out."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        return squeezed("".join(page.get_textpage().get_text_range(errors="ignore") for page in document))
    finally:
        document.close()


def squeezed(text: str) -> str:
    """Leave out white space."""
    return "".join(text.split())


def links_in(raw: bytes) -> list[str]:
    """Give where the papers of a mail can lead to."""
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return [link for part in message.iter_attachments() for link in links_of(part.get_content())]


LEADING = ("/URI", "/F", "/JS", "/Launch", "/Win", "/Unix")


def links_of(pdf: bytes) -> list[str]:
    """Give every address that something in the PDF can lead to, and every file that is attached to it."""
    with pikepdf.open(io.BytesIO(pdf)) as document:
        found = [str(name) for name in document.attachments]
        for thing in document.objects:
            found += _leading(thing)
    return found


def _leading(thing: pikepdf.Object) -> Iterator[str]:
    """Look through one object of a PDF and all that stands inside it, but not where it refers to another."""
    if isinstance(thing, pikepdf.Array):
        inside = [part for part in list(thing) if isinstance(part, pikepdf.Object) and not part.is_indirect]
    elif isinstance(thing, pikepdf.Dictionary | pikepdf.Stream):
        yield from (str(thing[key]) for key in LEADING if isinstance(thing.get(key), pikepdf.String))
        parts = [part for _, part in thing.items()]
        inside = [part for part in parts if isinstance(part, pikepdf.Object) and not part.is_indirect]
    else:
        return
    for part in inside:
        yield from _leading(part)


def pictures_in(pdf: bytes) -> int:
    """Count the pictures in a PDF, wherever they hang."""
    with pikepdf.open(io.BytesIO(pdf)) as document:
        streams = [thing for thing in document.objects if isinstance(thing, pikepdf.Stream)]
        return sum(stream.get("/Subtype") == "/Image" for stream in streams)
