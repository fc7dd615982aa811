"""The table: what the reader and the verdict make of each mail, against the truth beside it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from pipeline.edges.reader import Reader
from pipeline.errors import PipelineError
from pipeline.incoming import message
from pipeline.incoming.papers import SentDocument, judged, recognise
from pipeline.incoming.verdict import Expected
from pipeline.model import Kind, Verdict
from tests.returns.papers import KEY, Paper, papers
from tests.returns.truth import Box, Channel, DocumentTruth, MailTruth, Nature, Signed

Name = tuple[str, str, int]


@dataclass(frozen=True)
class Read:
    """What was made of one document."""

    pages: tuple[int, ...]
    signature: str
    boxes: dict[str, str]
    changed: str
    answers: dict[str, bool]
    verdict: str
    books_itself: bool
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Outcome:
    """What was made of one mail: a `Read` for each document found, what went wrong, and how long it took."""

    documents: dict[Name, Read] = field(default_factory=dict)
    failed: tuple[str, ...] = ()
    seconds: float = 0.0


def judge(raw: bytes, reader: Reader) -> Outcome:
    """Read a mail as the program does: its files, the documents in them, the verdict on each."""
    started = time.monotonic()
    letter = message.read(raw)
    failed = [word for word, _ in letter.unread]
    found: dict[Name, Read] = {}
    try:
        seen = recognise(letter.files, reader, KEY)
    except PipelineError as error:
        return Outcome(failed=(*failed, str(error)), seconds=time.monotonic() - started)
    for document in seen.documents():
        sent = next((one for one in papers() if (one.dossier, one.kind, one.version) == document), None)
        if sent is None:
            failed.append(f"unknown document {document}")
            continue
        try:
            known = SentDocument(sent.printed.data, sent.printed.pages, sent.printed.boxes)
            back = judged(seen, document, known, _expected(sent, letter.sender), reader)
        except PipelineError as error:
            failed.append(str(error))
            continue
        contents = [str(page.content) for page in back.findings.pages]
        worst = next((word for word in ("changed", "unsure") if word in contents), "unchanged")
        found[document[0], str(document[1]), document[2]] = Read(
            tuple(sorted({page.number for page in back.findings.pages})), str(back.findings.signature),
            {name: str(tick) for name, tick in back.findings.boxes.items()}, worst, back.judgement.answers,
            str(back.judgement.verdict), back.judgement.books_itself, tuple(word for word, _ in back.judgement.reasons),
        )  # fmt: skip
    return Outcome(found, tuple(failed), time.monotonic() - started)


def _expected(sent: Paper, sender: str) -> Expected:
    asked = sorted({name.rpartition("-")[0] for name in sent.boxes}) if sent.kind is Kind.CONSENT else []
    return Expected(
        sent.version, sent.newest, sent.printed.pages, tuple(asked), sender_sure=sender == sent.email, expired=False,
        signer=sent.signer,
    )  # fmt: skip


def honest(truth: MailTruth) -> bool:
    """Tell whether nothing at all is the matter with a mail: it ought to need no more than the confirming key."""
    return truth.nature is Nature.RETURN and bool(truth.documents) and all(_honest(one) for one in truth.documents)


def _honest(one: DocumentTruth) -> bool:
    whole = len(one.pages) == one.of and one.current and not one.altered and one.signature is Signed.IN_BOX
    return whole and all(_answer(one, name) is not None for name in _asked(one))


def _asked(one: DocumentTruth) -> list[str]:
    return sorted({name.rpartition("-")[0] for name in one.boxes})


def _answer(one: DocumentTruth, name: str) -> bool | None:
    """Give what was really answered; None when one must ask."""
    pair = one.boxes.get(f"{name}-yes"), one.boxes.get(f"{name}-no")
    return {(Box.TICKED, Box.EMPTY): True, (Box.EMPTY, Box.TICKED): False}.get(pair)  # type: ignore[arg-type]  # None too


def silent_errors(truth: MailTruth, outcome: Outcome) -> list[str]:
    """Give what would be accepted wrongly: the verdict is *signed*, and it should not be, or an answer is not so."""
    wrong: list[str] = []
    known = {one.name: one for one in truth.documents}
    for name, read in outcome.documents.items():
        if read.verdict != Verdict.SIGNED:
            continue
        if name not in known or truth.nature is not Nature.RETURN:
            wrong.append(f"{name}: taken for a signed document")
            continue
        wrong += [f"{name}: {what}" for what in _wrong(known[name], read)]
    return wrong


def _wrong(one: DocumentTruth, read: Read) -> Iterator[str]:
    if one.signature is Signed.NONE:
        yield "not signed"
    if one.altered:
        yield f"altered ({one.altered})"
    if len(one.pages) < one.of:
        yield "not complete"
    if not one.current:
        yield "an older version"
    for name in _asked(one):
        if read.answers.get(name) is not None and read.answers[name] is not _answer(one, name):
            yield f"{name} read as {read.answers[name]}"


@dataclass
class Tally:
    """All mails together."""

    mails: Counter[str] = field(default_factory=Counter)
    signatures: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    boxes: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    altered: Counter[tuple[str, str]] = field(default_factory=Counter)
    contents: Counter[tuple[str, str]] = field(default_factory=Counter)
    looks: Counter[str] = field(default_factory=Counter)
    silent: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def add(self, truth: MailTruth, outcome: Outcome) -> None:
        """Count one mail."""
        channel, known = str(truth.channel), {one.name: one for one in truth.documents}
        label = f"{truth.seed}/{truth.number} {channel} [{', '.join(truth.ways)}]"
        self.mails[f"{channel} mails"] += 1
        carried = truth.nature is not Nature.BOUNCE  # our own mail within a bounce is nobody's answer
        self.mails[f"{channel} right"] += sum(name in known for name in outcome.documents) if carried else 0
        self.mails[f"{channel} wrong"] += sum(name not in known for name in outcome.documents)
        self.mails[f"{channel} missed"] += sum(name not in outcome.documents for name in known) if carried else 0
        for name, one in known.items():
            if name in outcome.documents:
                self._compare(channel, one, outcome.documents[name])
            elif carried:
                self.failed.append(f"{label}: missed {name}")
        self._verdicts(channel, truth, outcome)
        self.silent += [f"{label}: {what}" for what in silent_errors(truth, outcome)]
        self.failed += [f"{label}: {what}" for what in outcome.failed]
        pages = sum(len(one.pages) for one in truth.documents)
        self.seconds += [outcome.seconds / pages] if pages else []

    def _compare(self, channel: str, one: DocumentTruth, read: Read) -> None:
        self.signatures[channel, one.signature, read.signature] += 1
        for name, box in one.boxes.items():
            self.boxes[channel, box, read.boxes.get(name, "not read")] += 1
        if one.altered:
            self.altered[one.altered.split(": ")[0], read.verdict] += 1
        else:
            self.contents[channel, read.changed] += 1

    def _verdicts(self, channel: str, truth: MailTruth, outcome: Outcome) -> None:
        if not honest(truth):
            return
        self.mails[f"{channel} honest"] += 1
        reads = [outcome.documents.get(one.name) for one in truth.documents]
        if all(read is not None and read.verdict == Verdict.SIGNED for read in reads):
            self.mails[f"{channel} key"] += 1
            self.mails[f"{channel} itself"] += all(read is not None and read.books_itself for read in reads)
        self.looks.update(reason for read in reads if read for reason in read.reasons)

    def text(self) -> str:
        """Give the tables as text."""
        channels = [str(channel) for channel in Channel if self.mails[f"{channel} mails"]]
        heads = ("mails", "right", "wrong", "missed", "honest", "key", "itself")
        rows = [[channel, *(self.mails[f"{channel} {head}"] for head in heads)] for channel in channels]
        rows.append(["all", *(sum(self.mails[f"{channel} {head}"] for channel in channels) for head in heads)])
        parts = [
            _grid("documents found; honest mails, those needing only the key, of these booked by themselves",
                  ["", *heads], rows),
            _crossed("signature: truth and what was read", self.signatures, ["signed", "unsure", "empty"], channels),
            _crossed("check boxes: truth and what was read", self.boxes, ["ticked", "unclear", "empty", "not read"],
                     channels),
            _grid("altered documents and their verdicts", ["", *Verdict],
                  [[how, *(self.altered[how, word] for word in Verdict)]
                   for how in sorted({how for how, _ in self.altered})]),
            _grid("unaltered documents: content read as", ["", "unchanged", "unsure", "changed"],
                  [[channel, *(self.contents[channel, word] for word in ("unchanged", "unsure", "changed"))]
                   for channel in channels]),
            _grid("why an honest mail needs a look", ["reason", "documents"],
                  [[*pair] for pair in self.looks.most_common()]),
        ]  # fmt: skip
        ordered = sorted(self.seconds) or [0.0]
        parts.append(f"seconds a page: mean {sum(ordered) / len(ordered):.2f}, "
                     f"19 of 20 below {ordered[int(len(ordered) * 0.95)]:.2f}")  # fmt: skip
        parts.append("\n".join([f"missed or failed: {len(self.failed)}", *(f"  {line}" for line in self.failed)]))
        parts.append("\n".join([f"silent errors: {len(self.silent)}", *(f"  {line}" for line in self.silent)]))
        return "\n\n".join(parts)


def _crossed(title: str, counts: Counter[tuple[str, str, str]], reads: list[str], channels: list[str]) -> str:
    truths = list(dict.fromkeys(truth for _, truth, _ in sorted(counts)))
    rows: list[list[object]] = []
    for truth in truths:
        rows += [[f"{truth}, {channel}", *(counts[channel, truth, read] for read in reads)] for channel in channels
                 if any(counts[channel, truth, read] for read in reads)]  # fmt: skip
        every = (sum(counts[channel, truth, read] for channel in channels) for read in reads)
        rows.append([f"{truth}, all", *every])
    return _grid(title, ["", *reads], rows)


def _grid(title: str, heads: list[str], rows: list[list[object]]) -> str:
    lines = [heads, *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(line[at]) for line in lines) for at in range(len(heads))]
    shown = []
    for first, *others in lines:
        cells = (cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True))
        shown.append("  ".join([first.ljust(widths[0]), *cells]))
    return "\n".join([title, *shown])
