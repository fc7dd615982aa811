"""What reading sees, as plain data that travels as JSON; nothing here is decided."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from pipeline.model import Reason


class Ink(StrEnum):
    """What is in a signature box."""

    SIGNED = "signed"
    EMPTY = "empty"
    UNSURE = "unsure"


class Tick(StrEnum):
    """What is in a check box."""

    TICKED = "ticked"
    EMPTY = "empty"
    UNCLEAR = "unclear"


class Content(StrEnum):
    """Whether the text is the one that was sent."""

    UNCHANGED = "unchanged"
    CHANGED = "changed"
    UNSURE = "unsure"


class Way(StrEnum):
    """From what something was read: only the first two book themselves."""

    FIELDS = "fields"
    CERTIFICATE = "certificate"
    PIXELS = "pixels"


class Sort(StrEnum):
    """What a file is inside, whatever its name says."""

    PDF = "pdf"
    PICTURE = "picture"
    OTHER = "other"
    LOCKED = "locked"
    BROKEN = "broken"


@dataclass(frozen=True)
class Recognised:
    """One file: `codes` is (page from 0, text of the code), `fingerprint` our name inside a PDF (`K7Q4-MX2P-1 v1`).

    `claims` is (page from 0, document code, version) as read from the printed words, where no code could be read;
    `active` names what could act when opened (`javascript`, `launch`, `submit`, `embedded file`).
    """

    sort: Sort
    pages: int = 0
    codes: tuple[tuple[int, str], ...] = ()
    claims: tuple[tuple[int, str, int], ...] = ()
    fingerprint: str = ""
    active: tuple[str, ...] = ()


@dataclass(frozen=True)
class Certificate:
    """A digital signature (PAdES): `intact` when it covers all and nothing but what it allows changed since.

    `signer` is the name in the certificate, `at` the claimed moment (ISO 8601), `trusted` when a known authority
    vouches for it.
    """

    intact: bool
    signer: str = ""
    at: str = ""
    trusted: bool = False


@dataclass(frozen=True)
class PageFinding:
    """One page that came back: `number` from 1 in the document as sent, `file` and `at` from 0 where it was found.

    `content` is what its text is against the one that was sent, `reasons` why.
    """

    number: int
    file: int
    at: int
    content: Content
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True)
class Findings:
    """All that was seen of one document."""

    pages: tuple[PageFinding, ...] = ()
    signature: Ink = Ink.EMPTY
    signature_way: Way = Way.PIXELS
    certificate: Certificate | None = None
    boxes: dict[str, Tick] = field(default_factory=dict)
    boxes_way: Way = Way.PIXELS
    as_sent: bool = False
    reasons: tuple[Reason, ...] = ()

    def as_data(self) -> dict[str, Any]:
        """Give it as JSON's own types."""
        return asdict(self)


def findings(data: dict[str, Any]) -> Findings:
    """Read what `as_data` gave, after JSON."""
    certificate = data["certificate"]
    return Findings(
        pages=tuple(
            PageFinding(p["number"], p["file"], p["at"], Content(p["content"]), _reasons(p["reasons"]))
            for p in data["pages"]
        ),
        signature=Ink(data["signature"]),
        signature_way=Way(data["signature_way"]),
        certificate=Certificate(**certificate) if certificate else None,
        boxes={name: Tick(tick) for name, tick in data["boxes"].items()},
        boxes_way=Way(data["boxes_way"]),
        as_sent=data["as_sent"],
        reasons=_reasons(data["reasons"]),
    )


def recognised(data: dict[str, Any]) -> Recognised:
    """Read a `Recognised` that travelled as JSON."""
    return Recognised(
        Sort(data["sort"]),
        data["pages"],
        tuple((int(at), str(text)) for at, text in data["codes"]),
        tuple((int(at), str(code), int(version)) for at, code, version in data["claims"]),
        data["fingerprint"],
        tuple(data["active"]),
    )


def _reasons(data: list[Any]) -> tuple[Reason, ...]:
    return tuple((word, dict(values)) for word, values in data)
