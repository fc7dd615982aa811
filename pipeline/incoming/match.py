"""Which dossier a mail belongs to, in layers, the strongest first: pure, from what was read and what we know.

Our own token in the reply chain (In-Reply-To alone; References only with the same subject), the code on a page, the
fingerprint in a PDF, the sender's address. Two layers that disagree, or none, go to the coach: nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from pipeline.incoming.mail import Known, Mail, Page, Sent
from pipeline.model import Kind, Reason
from pipeline.tokens import page_tag

NAME, NUMBER = r"([0-9A-Z]{4}-[0-9A-Z]{4})-(\d)", r"([1-9]\d{0,3})"
CODE = re.compile(rf"P1\*{NAME}\*{NUMBER}\*{NUMBER}\*{NUMBER}\*([0-9A-Z]{{5}})")
FINGERPRINT = re.compile(rf"{NAME} v{NUMBER}(?: countersigned)?")
ANSWERED = re.compile(r"^(?:\s*(?:re|antw|aw|fw|fwd|doorst|betreft|beantw)\s*(?:\[\d+\])?\s*:)+", re.IGNORECASE)


class Layer(StrEnum):
    """How a dossier was found; the coach's own word is the strongest."""

    ASSIGNED = "assigned"
    REPLY = "reply"
    PAGE = "page"
    FINGERPRINT = "fingerprint"
    ADDRESS = "address"


@dataclass(frozen=True)
class Match:
    """The dossier, or None with the reason; `claims` is what each layer says, for the coach to see."""

    dossier: str | None
    layer: Layer | None = None
    claims: dict[Layer, tuple[str, ...]] = field(default_factory=dict)
    reasons: tuple[Reason, ...] = ()


def match(mail: Mail, pages: Iterable[Page], fingerprints: Iterable[str], known: Known, assigned: str | None) -> Match:
    """Give the dossier that every layer which says something agrees on."""
    if assigned:
        return Match(assigned, Layer.ASSIGNED, {Layer.ASSIGNED: (assigned,)})
    answered = replied_to(mail, known)
    layers = {
        Layer.REPLY: {answered.dossier} if answered else set(),
        Layer.PAGE: {page.dossier for page in pages},
        Layer.FINGERPRINT: {found[1] for text in fingerprints if (found := FINGERPRINT.fullmatch(text))},
        Layer.ADDRESS: {person.dossier for person in known.addresses.get(mail.sender, ())},
    }
    claims = {layer: tuple(sorted(dossiers)) for layer, dossiers in layers.items() if dossiers}
    return _agreed(claims)


def _agreed(claims: dict[Layer, tuple[str, ...]]) -> Match:
    """Find the one dossier in all claims; an address that several dossiers share agrees with each of them."""
    if not claims:
        return Match(None, None, {}, (("match_nothing", {}),))
    common = set.intersection(*(set(dossiers) for dossiers in claims.values()))
    sure = dict(claims)
    sure.pop(Layer.ADDRESS, None)
    if any(len(dossiers) > 1 for dossiers in sure.values()):
        return Match(None, None, claims, (("match_several", {"dossiers": ", ".join(sorted(_all(sure)))}),))
    if not common:
        said = "; ".join(f"{layer}: {', '.join(dossiers)}" for layer, dossiers in claims.items())
        return Match(None, None, claims, (("match_disagrees", {"claims": said}),))
    if len(common) > 1:
        return Match(None, None, claims, (("match_shared_address", {"dossiers": ", ".join(sorted(common))}),))
    return Match(common.pop(), next(iter(claims)), claims)


def _all(claims: Mapping[Layer, tuple[str, ...]]) -> set[str]:
    return {dossier for dossiers in claims.values() for dossier in dossiers}


def replied_to(mail: Mail, known: Known) -> Sent | None:
    """Give the mail of ours that this one answers; None when it answers none, or those of two dossiers at once."""
    found = answered(mail, known)
    return found[-1] if found and len({sent.dossier for sent in found}) == 1 else None


def answered(mail: Mail, known: Known) -> list[Sent]:
    """Give the mails of ours that this one answers: by In-Reply-To, else by References under the same subject."""
    direct = [sent for name in mail.in_reply_to if (sent := of_message_id(name, known))]
    chain = [sent for name in mail.references if (sent := of_message_id(name, known))]
    return direct or [sent for sent in chain if bare_subject(sent.subject) == bare_subject(mail.subject)]


def of_message_id(name: str, known: Known) -> Sent | None:
    """Give the mail of ours that has this Message-ID, in full: a token in another domain is not ours."""
    sent = known.sent.get(name.lstrip("<").partition("@")[0].lower())
    return sent if sent and sent.message_id.lower() == name.lower() else None


def bare_subject(subject: str) -> str:
    """Give a subject as subjects are compared: without what mail programs put before it."""
    return " ".join(ANSWERED.sub("", subject).casefold().split())


def page_of(text: str, file: int, at: int, key: bytes) -> Page | None:
    """Read the code of a page; None when it is not ours, or not made with the practice's own key."""
    found = CODE.fullmatch(text)
    if not found:
        return None
    dossier, kind, version = found[1], kind_numbered(int(found[2])), int(found[3])
    if kind is None or found[6] != page_tag(key, dossier, kind, version):
        return None
    return Page(file, at, dossier, kind, version, int(found[4]), int(found[5]))


def kind_numbered(number: int) -> Kind | None:
    """Give the kind of document that has this number in its dossier."""
    return next((kind for kind in Kind if kind.number == number), None)
