"""From the tree of a mail to its text and its files, out of whatever wrapping they came in.

Takes in the parts, leaves the mail's own text, every leaf that is not that as a file, and a word for each that could
not be unpacked: nothing is silently passed over. Counted as it goes, so that no mail becomes more than `MOST_BYTES`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pipeline.incoming.mail import File
from pipeline.incoming.mime import archive, smime, winmail
from pipeline.incoming.mime.charsets import decoded, printable
from pipeline.incoming.mime.fields import Fields, fields_of, shown
from pipeline.incoming.mime.parts import MESSAGES, Part
from pipeline.incoming.mime.readable import readable

MOST_FILES, MOST_BYTES, LONGEST_TEXT = 100, 60_000_000, 200_000
LONGEST_REPORT, MOST_REPORTS, MOST_UNREAD = 20_000, 20, 100
FORWARDED, RETURNED, ZIP, WINMAIL, SIGNED = "forwarded", "returned", "zip", "winmail.dat", "s/mime"

_TEXTS = {"text/plain", "text/html"}
_HEADERS = {"text/rfc822-headers", "message/global-headers"}
_REPORTS = {
    "message/delivery-status", "message/global-delivery-status", "message/disposition-notification",
    "message/global-disposition-notification", "message/feedback-report",
}  # fmt: skip
_ONLY_OTHER_WORDS = {"text/x-amp-html", "text/watch-html", "text/enriched", "text/richtext"}
_OUT_OF_REACH = {
    "message/partial": "unread_partial", "message/external-body": "unread_external",
    "multipart/encrypted": "unread_locked", "application/pgp-encrypted": "unread_locked",
}  # fmt: skip
_TYPES = {
    "pdf": "application/pdf", "jpg": "image/jpeg", "jpeg": "image/jpeg", "png": "image/png", "heic": "image/heic",
    "heif": "image/heif", "tif": "image/tiff", "tiff": "image/tiff", "txt": "text/plain", "zip": "application/zip",
    "eml": "message/rfc822",
}  # fmt: skip
_LOCKED_NAMES = (".pgp", ".gpg")
_PGP = b"-----BEGIN PGP MESSAGE-----"


@dataclass
class Contents:
    """What a mail holds. `reports` is (type, text); `returned` the fields of each mail that it brings back."""

    files: list[File] = field(default_factory=list)
    unread: list[tuple[str, str]] = field(default_factory=list)
    reports: list[tuple[str, str]] = field(default_factory=list)
    returned: list[tuple[tuple[str, str], ...]] = field(default_factory=list)
    room: int = MOST_BYTES

    def bring_back(self, fields: Fields) -> None:
        """Note the header of a mail within the mail."""
        if len(self.returned) < MOST_REPORTS:
            self.returned.append(fields.readable())

    def miss(self, word: str, name: str) -> None:
        """Note what was not unpacked."""
        if (word, name) not in self.unread and len(self.unread) < MOST_UNREAD:
            self.unread.append((word, name))


def contents(top: Part, *, bounced: bool) -> Contents:
    """Unpack a mail; in one that `bounced`, the files of the mail that came back have "returned" in their path."""
    found = Contents()
    _walk(top, (), found, RETURNED if bounced or _reporting(top) else FORWARDED)
    if top.type in _TEXTS and not top.attached and _PGP in top.content(LONGEST_REPORT):
        found.miss("unread_locked", top.name or top.type)
    return found


def _reporting(part: Part) -> bool:
    """Say whether a report stands in this mail itself, and not in one that it carries."""
    return part.type in _REPORTS or (part.type not in MESSAGES and any(map(_reporting, part.parts)))


def _walk(part: Part, path: tuple[str, ...], found: Contents, inner: str) -> None:
    name = part.name or part.type
    if part.unread:
        found.miss(part.unread, name)
    if part.type in _OUT_OF_REACH:
        found.miss(_OUT_OF_REACH[part.type], name)
    elif part.type in MESSAGES:
        for child in part.parts:
            found.bring_back(child.fields)
            _walk(child, (*path, inner), found, inner)
    elif part.parts:
        wrapped = (*path, SIGNED) if smime.is_wrapped(part.type, part.name) else path
        for child in part.parts:
            _walk(child, wrapped, found, inner)
    elif part.type in _HEADERS | _REPORTS:
        # What a mail within the mail reports is nothing that this one says.
        if not {FORWARDED, RETURNED} & set(path):
            _report(part, found)
    elif not part.unread and not _is_no_file(part):
        _leaf(part, path, found)


def _report(part: Part, found: Contents) -> None:
    if part.type in _HEADERS:
        found.bring_back(fields_of(part.content(LONGEST_REPORT)))
    elif len(found.reports) < MOST_REPORTS:
        text = printable(decoded(part.content(LONGEST_REPORT))).replace("\r\n", "\n")
        found.reports.append((part.type, text[:LONGEST_REPORT]))


def _is_no_file(part: Part) -> bool:
    """Recognise what is the mail's own text, the same text in other words, or a signature over it."""
    if part.type in _TEXTS:
        return not part.attached
    return part.type in _ONLY_OTHER_WORDS or part.type in smime.SIGNATURES or part.type.startswith("multipart/")


def _leaf(part: Part, path: tuple[str, ...], found: Contents) -> None:
    if part.end - part.body > 2 * found.room:
        found.miss("unread_too_big", part.name or part.type)
    elif found.room and len(found.files) < MOST_FILES:
        _file(File(part.name, part.type, part.content(), path), found)
    else:
        found.miss("unread_too_many", part.name or part.type)


def _file(file: File, found: Contents) -> None:
    """Take a file, or what is in it; the octets say what it is, whatever it is called."""
    data, name = file.data, file.name or file.type
    if file.type == "application/ms-tnef" or data.startswith(winmail.SIGNATURE):
        _winmail(file, found)
    elif data.startswith(archive.SIGNATURE) or name.lower().endswith(".zip"):
        _zip(file, found)
    elif data.startswith(archive.OTHERS):
        found.miss("unread_archive", name)
    elif data.startswith(_PGP) or name.lower().endswith(_LOCKED_NAMES):
        found.miss("unread_locked", name)
    else:
        _keep(file, found)


def _keep(file: File, found: Contents) -> None:
    name = file.name or file.type
    if len(found.files) >= MOST_FILES:
        found.miss("unread_too_many", name)
    elif len(file.data) > found.room:
        found.miss("unread_too_big", name)
    elif file.data:
        found.room -= len(file.data)
        found.files.append(file)
    else:
        found.miss("unread_empty", name)


def _winmail(file: File, found: Contents) -> None:
    try:
        inside = winmail.files(file.data)
    except winmail.Malformed:
        found.miss("unread_winmail", file.name or WINMAIL)
        return
    for name, data in inside:
        _inner(name, data, (*file.path, WINMAIL), found)


def _inner(name: str, data: bytes, path: tuple[str, ...], found: Contents) -> None:
    clean = shown(name)
    kind = _TYPES.get(clean.rpartition(".")[2].lower(), "application/octet-stream")
    if path.count(WINMAIL) + path.count(ZIP) > 2:
        found.miss("unread_zip_in_zip", clean or kind)
    else:
        _file(File(clean, kind, data, path), found)


def _zip(file: File, found: Contents) -> None:
    name = file.name or file.type
    if ZIP in file.path:
        found.miss("unread_zip_in_zip", name)
        return
    unpacked = archive.unpack(file.data, name, found.room)
    if unpacked.document:
        _keep(file, found)
        return
    for word, missed in unpacked.unread:
        found.miss(word, shown(missed) or name)
    for inside, data in unpacked.files:
        _inner(inside, data, (*file.path, ZIP), found)


def written(part: Part) -> str:
    """Give the mail's own text: the plain text, or that of the HTML; of forwarded mail and files nothing."""
    text = _Text().of(part).replace("\r\n", "\n").replace("\r", "\n")
    return printable(text)[:LONGEST_TEXT].strip()


class _Text:
    """The text of parts, until enough octets have been looked at."""

    def __init__(self) -> None:
        self._room = 10 * LONGEST_TEXT

    def of(self, part: Part) -> str:
        if part.type in MESSAGES or part.type in _OUT_OF_REACH or (part.attached and part.type in _TEXTS):
            return ""
        if part.type in _TEXTS:
            return self._leaf(part)
        if part.type == "multipart/alternative":
            texts = (self.of(child) for child in sorted(part.parts, key=_is_html))
            return next((text for text in texts if text.strip()), "")
        return "\n".join(text for child in part.parts if (text := self.of(child)).strip())

    def _leaf(self, part: Part) -> str:
        octets = part.content(min(self._room, (10 if part.type == "text/html" else 4) * LONGEST_TEXT))
        self._room -= len(octets)
        text = decoded(octets, part.charset)
        return readable(text) if part.type == "text/html" else text


def _is_html(part: Part) -> bool:
    return part.type == "text/html" or (bool(part.parts) and _is_html(part.parts[0]))
