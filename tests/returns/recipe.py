"""The recipe of a mail: seed and number decide who answers, what was done with the papers, by which way they came."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pipeline.model import OPENING, Kind
from tests.returns import answers, digital, hands, mails
from tests.returns.answers import Answer
from tests.returns.forgeries import by_forgery
from tests.returns.mails import Envelope
from tests.returns.papers import Paper, papers
from tests.returns.truth import Channel, DocumentTruth, MailTruth, Nature, Signed
from tests.returns.ways import Job, by_annotation, by_app, by_certificate, by_form, by_photo, by_scan, finish_all

Rng = np.random.Generator
SHARES = {
    Channel.FORM: 0.14, Channel.CERTIFICATE: 0.08, Channel.ANNOTATED: 0.14, Channel.SCAN: 0.2, Channel.PHOTO: 0.14,
    Channel.APP: 0.1, Channel.FORGED: 0.1, Channel.ODD: 0.1,
}  # fmt: skip


def make(seed: int, number: int, only: Channel | None = None) -> tuple[bytes, MailTruth]:
    """Make mail `number` of a seed: its bytes and the truth about it; the same again gives the same again."""
    rng = np.random.default_rng([seed, number, 77])
    channel = only or Channel(rng.choice(list(SHARES), p=list(SHARES.values())))
    raw, nature, dossier, documents, ways = _odd(rng) if channel is Channel.ODD else _ordinary(channel, rng)
    return raw, MailTruth(seed, number, channel, nature, dossier, tuple(documents), tuple(ways))


Made = tuple[bytes, Nature, str, list[DocumentTruth], list[str]]


def _ordinary(channel: Channel, rng: Rng) -> Made:
    job = _job(rng, odd=0.0 if channel in {Channel.FORM, Channel.CERTIFICATE} else 0.035)
    WAYS[channel](job)
    envelope, traits = _envelope(job.person[0].paper, rng, plain=0.8)
    raw = mails.mail(envelope, job.files, rng)
    return raw, Nature.RETURN, job.person[0].paper.dossier, job.truths, job.ways + traits


def _job(rng: Rng, *, odd: float = 0.035, kinds: tuple[Kind, ...] = OPENING, newest: float = 0.93) -> Job:
    """Choose who answers, and what that person does with the one or two papers."""
    mine = _someones(rng, newest)
    chosen = [one for one in mine if one.kind in kinds]
    while not chosen:
        chosen = [one for one in _someones(rng, newest) if one.kind in kinds]
    if len(chosen) > 1 and rng.random() < 0.35:
        chosen = [chosen[int(rng.integers(2))]]
    hand = hands.pick_hand(rng, chosen[0].signer)
    return Job(rng, [answers.decide(one, hand, rng, odd=odd) for one in chosen])


def _someones(rng: Rng, newest: float) -> list[Paper]:
    """Give the papers that one person received in one mail."""
    every = papers()
    first = every[int(rng.integers(len(every)))]
    version = first.newest if rng.random() < newest else first.version
    return [one for one in every if (one.dossier, one.version, one.party) == (first.dossier, version, first.party)]


WAYS: dict[Channel, Callable[[Job], None]] = {
    Channel.FORM: by_form, Channel.CERTIFICATE: by_certificate, Channel.ANNOTATED: by_annotation, Channel.SCAN: by_scan,
    Channel.PHOTO: by_photo, Channel.APP: by_app, Channel.FORGED: by_forgery,
}  # fmt: skip


# How it is mailed.


def _envelope(paper: Paper, rng: Rng, *, plain: float) -> tuple[Envelope, list[str]]:
    """Choose how a mail is sent: mostly a reply with its files attached; gives its traits too."""
    ours = mails.message_id(paper)
    english = paper.language == "en"
    subject = f"Praktijk De Linde: uw documenten ({paper.dossier})"
    body = str(rng.choice(["Beste Marjan,\n\nHierbij getekend retour.\n", "Zie bijlage.\n\nGroet\n", ""]))
    body = "Dear Marjan,\n\nSigned copies attached.\n" if english and body else body
    envelope = Envelope(paper.email, paper.signer, f"Re: {subject}", ours, ours, body)
    traits: list[str] = []
    if rng.random() < 0.6:
        envelope.body += mails.quoted(paper)
    if rng.random() > plain:
        traits.append(_other_way(envelope, rng))
    if rng.random() > plain:
        envelope.wrap = str(rng.choice(mails.WRAPS[1:]))
        traits.append(envelope.wrap)
    if rng.random() > plain:
        envelope.naming = str(rng.choice(mails.NAMINGS[1:]))
        traits.append(f"named {envelope.naming}")
    if rng.random() < 0.15:
        envelope.logo = True
        traits.append("logo")
    return envelope, traits


def _other_way(envelope: Envelope, rng: Rng) -> str:
    """Make it something else than a plain reply."""
    way = str(rng.choice(["new mail", "another address", "references only"]))
    if way == "new mail":
        envelope.reply_to = envelope.references = ""
        envelope.subject = str(rng.choice(["Getekende stukken", "scan", "Fwd:", "IMG_4021"]))
    elif way == "another address":
        envelope.sender = f"thuis.{rng.integers(100)}@elsewhere.example"
    else:
        envelope.reply_to = ""
    return way


def _odd(rng: Rng) -> Made:
    """A mail whose oddity is in the mail: bounces, absences, untouched forms, the wrong form, an older version."""
    kind = str(rng.choice(["wrapped", "untouched", "bounce", "away", "wrong client", "older"],
                          p=[0.44, 0.14, 0.12, 0.1, 0.1, 0.1]))  # fmt: skip
    return ODD[kind](rng)


def _wrapped(rng: Rng) -> Made:
    job = _job(rng, odd=0.0)
    way = [Channel.FORM, Channel.SCAN, Channel.PHOTO, Channel.ANNOTATED][int(rng.integers(4))]
    WAYS[way](job)
    envelope, traits = _envelope(job.person[0].paper, rng, plain=0.0)
    return (
        mails.mail(envelope, job.files, rng),
        Nature.RETURN,
        job.person[0].paper.dossier,
        job.truths,
        job.ways + traits,
    )


def _untouched(rng: Rng) -> Made:
    """The form comes back as it went: attached again, or saved anew by a program, or both."""
    job = _job(rng, odd=0.0)
    for answer in job.person:
        answer.signature, answer.styles = Signed.NONE, {}
    again = bool(rng.random() < 0.4)
    finish_all(job, lambda _, data: digital.fill(data, [], "preview") if again else data)
    envelope, traits = _envelope(job.person[0].paper, rng, plain=0.7)
    way = "untouched, saved anew" if again else "untouched"
    raw = mails.mail(envelope, job.files, rng)
    return raw, Nature.UNTOUCHED, job.person[0].paper.dossier, job.truths, [way, *job.ways, *traits]


def _blank(paper: Paper) -> DocumentTruth:
    nobody = hands.Hand("wave", 0.0, hands.PENS[0], paper.signer)
    return Answer(paper, nobody, Signed.NONE).truth()


def _bounce(rng: Rng) -> Made:
    paper = _someones(rng, 1.0)[0]
    dialect = str(rng.choice(["rfc3464", "without headers"]))
    raw = mails.bounce(paper, dialect, rng)
    return raw, Nature.BOUNCE, paper.dossier, [_blank(paper)], [f"bounce {dialect}"]


def _away(rng: Rng) -> Made:
    paper = _someones(rng, 1.0)[0]
    form, header = bool(rng.random() < 0.4), bool(rng.random() < 0.6)
    raw = mails.away(paper, paper.email, paper.signer, rng, form=form, header=header)
    ways = ["away", *(["with our form"] if form else []), *([] if header else ["without headers"])]
    return raw, Nature.AUTO_REPLY, paper.dossier, [_blank(paper)] if form else [], ways


def _wrong_client(rng: Rng) -> Made:
    """Somebody signs and sends the form of somebody else, in reply to the mail with their own."""
    job = _job(rng, odd=0.0)
    WAYS[[Channel.FORM, Channel.SCAN, Channel.PHOTO][int(rng.integers(3))]](job)
    others = [one for one in papers() if one.dossier != job.person[0].paper.dossier]
    mine = others[int(rng.integers(len(others)))]
    envelope, traits = _envelope(mine, rng, plain=1.0)
    raw = mails.mail(envelope, job.files, rng)
    return raw, Nature.RETURN, mine.dossier, job.truths, ["wrong client", *job.ways, *traits]


def _older(rng: Rng) -> Made:
    """An older version comes back signed, after a newer one was sent."""
    old = [one for one in papers() if one.version < one.newest]
    one = old[int(rng.integers(len(old)))]
    hand = hands.pick_hand(rng, one.signer)
    job = Job(rng, [answers.decide(one, hand, rng, odd=0.0)])
    WAYS[[Channel.FORM, Channel.SCAN, Channel.PHOTO][int(rng.integers(3))]](job)
    envelope, traits = _envelope(one, rng, plain=0.8)
    return mails.mail(envelope, job.files, rng), Nature.RETURN, one.dossier, job.truths, ["older", *job.ways, *traits]


ODD: dict[str, Callable[[Rng], Made]] = {
    "wrapped": _wrapped, "untouched": _untouched, "bounce": _bounce, "away": _away, "wrong client": _wrong_client,
    "older": _older,
}  # fmt: skip
