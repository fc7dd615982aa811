"""The truth beside each mail: what is really in it, whatever a reader may see."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from pipeline.model import Kind


class Channel(StrEnum):
    """By which way the papers came back; each is a row of the table."""

    FORM = "form"
    CERTIFICATE = "certificate"
    ANNOTATED = "annotated"
    SCAN = "scan"
    PHOTO = "photo"
    APP = "app"
    FORGED = "forged"
    ODD = "odd"


class Signed(StrEnum):
    """Where the signature stands."""

    IN_BOX = "in the box"
    OUTSIDE = "outside"
    NONE = "none"


class Box(StrEnum):
    """What was done to a check box; `ambiguous` is what a careful person would ask about."""

    TICKED = "ticked"
    EMPTY = "empty"
    AMBIGUOUS = "ambiguous"


class Nature(StrEnum):
    """What the mail is; only a `return` brings papers that a person has dealt with."""

    RETURN = "return"
    UNTOUCHED = "untouched"
    BOUNCE = "bounce"
    AUTO_REPLY = "auto_reply"


@dataclass(frozen=True)
class DocumentTruth:
    """One document in a mail: `pages` are those present, from 1, `of` how many it has; `altered` says how, or nothing.

    `fields` tells that its boxes are intact form fields, `certificate` that a digital signature on it still holds.
    """

    dossier: str
    kind: Kind
    version: int
    pages: tuple[int, ...]
    of: int
    signature: Signed
    boxes: dict[str, Box] = field(default_factory=dict)
    altered: str = ""
    fields: bool = False
    certificate: bool = False
    current: bool = True

    @property
    def name(self) -> tuple[str, str, int]:
        """What it is: dossier, kind, version."""
        return self.dossier, str(self.kind), self.version


@dataclass(frozen=True)
class MailTruth:
    """One mail: `ways` are the traits that were drawn for it, such as `scan 150 dpi gray` or `zip`.

    `dossier` is the one whose mail is answered; with a wrong client's form it is not that of the document.
    """

    seed: int
    number: int
    channel: Channel
    nature: Nature
    dossier: str
    documents: tuple[DocumentTruth, ...] = ()
    ways: tuple[str, ...] = ()

    def as_data(self) -> dict[str, Any]:
        """Give it as JSON's own types."""
        return asdict(self)
