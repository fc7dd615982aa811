"""Her word on a report or a profile, when it comes by mail: from a letter to what is recorded, or to a question.

Takes a letter with what is known of it; leaves a `Word`, and then, inside the caller's transaction, her approval or
what to put before the coach. A yes opens the gate only where sender, token and text leave no doubt. What keeps the gate
shut counts at once, whoever it came from: silence and no both deny.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from pipeline import approvals
from pipeline.incoming.answers.assent import Answer, assent
from pipeline.incoming.mail import Known, Mail, Sent, Standing
from pipeline.incoming.match import Layer, Match, answered, of_message_id
from pipeline.model import Kind, Party, Purpose, Reason
from pipeline.practice import Practice

Ask = tuple[str, tuple[Reason, ...]]
APPROVAL, CHANGES, NOT_APPROVED = "approval", "changes", "not_approved"
"""The questions: what she means is not clear, she wants something changed, she says no."""
ABOUT = "word_about"
"""The reason that says which document a question is about; the coach's answer is about that one."""
SHUTS = {Answer.NO: (approvals.Answer.NO, NOT_APPROVED), Answer.CHANGES: (approvals.Answer.CHANGES, CHANGES)}
READ_AS = {Answer.YES: "word_yes", Answer.NO: "word_no", Answer.CHANGES: "word_changes", Answer.UNCLEAR: "word_unclear"}


@dataclass(frozen=True)
class Word:
    """What a letter says about one version of a document; `doubts` is why a yes in it is not beyond doubt.

    `asked` is whether it answers a mail that asked her; else it is never more than a question to the coach.
    """

    dossier: str
    kind: Kind
    version: int
    answer: Answer
    doubts: tuple[Reason, ...] = ()
    asked: bool = True


@dataclass(frozen=True)
class Letter:
    """A letter and what is known of it: how sure the sender is, its dossier, and whether it asks for more."""

    mail: Mail
    known: Known
    standing: Standing
    match: Match
    more: bool


def word_of(practice: Practice, letter: Letter, ours: Callable[[str], str]) -> Word | None:
    """Give her word in a letter; None when it is about nothing here. `ours` gives our texts about a dossier."""
    asking = [(sent, about) for sent in answered(letter.mail, letter.known) if (about := asked_by(practice, sent))]
    if not asking:
        return _unasked(practice, letter, ours)
    sent, (kind, version) = max(asking, key=lambda found: found[1][1])
    doubts = [*_token_doubts(letter, sent), *_sender_doubts(practice, letter, sent)]
    if len({about for _, about in asking}) > 1:
        doubts.append(("word_several", {}))
    return Word(sent.dossier, kind, version, assent(letter.mail, ours(sent.dossier)), tuple(doubts))


def asked_by(practice: Practice, sent: Sent) -> tuple[Kind, int] | None:
    """Give the document and version on which a mail of ours asks the client's word; None when it asks none."""
    if sent.party != Party.CLIENT:
        return None
    kinds = practice.database.value("SELECT kinds FROM messages WHERE token = ?", sent.token).split(",")
    if sent.purpose == Purpose.REPORT and Kind.APPROVAL in kinds:
        return Kind.REPORT, sent.round
    if sent.purpose == Purpose.REMINDER and Kind.APPROVAL in kinds:
        return _reminded_of(practice, sent)
    if sent.purpose == Purpose.PROFILE and _profile_asks(practice, sent):
        return Kind.PROFILE, sent.round
    return None


def _reminded_of(practice: Practice, sent: Sent) -> tuple[Kind, int] | None:
    """Give the report that a reminder was about: the newest when it was made, whatever has come since."""
    version = practice.database.value(
        "SELECT max(d.version) FROM documents d JOIN messages m ON m.dossier = d.dossier"
        " WHERE m.token = ? AND d.kind = ? AND d.written_at <= m.queued_at",
        sent.token, Kind.REPORT,
    )  # fmt: skip
    return (Kind.REPORT, version) if version else None


def _profile_asks(practice: Practice, sent: Sent) -> bool:
    about = practice.database.value(
        "SELECT about FROM documents WHERE dossier = ? AND kind = ? AND version = ?",
        sent.dossier, Kind.PROFILE, sent.round,
    )  # fmt: skip
    return bool(json.loads(about or "{}").get("asks"))


def _token_doubts(letter: Letter, sent: Sent) -> Iterator[Reason]:
    """Give what is wrong with how a letter names our mail: it must answer that mail itself, and nothing else."""
    names = letter.mail.in_reply_to
    if [of_message_id(name, letter.known) for name in names] != [sent]:
        yield "word_indirect", {}
    named = [of_message_id(name, letter.known) for name in (*names, *letter.mail.references)]
    if any(one is not None and one.dossier != sent.dossier for one in named):
        yield "word_several", {}
    if letter.match.dossier != sent.dossier or letter.match.layer is not Layer.REPLY:
        yield "word_dossier", {}
    if letter.more:
        yield "word_more", {}


def _sender_doubts(practice: Practice, letter: Letter, sent: Sent) -> Iterator[Reason]:
    """Give why it is not sure that she wrote it: another address, one that others have, or nobody vouches for it."""
    if letter.mail.sender != sent.recipient.lower():
        yield "word_other_sender", {"address": letter.mail.sender or "?"}
    elif letter.standing is not Standing.AUTHENTICATED:
        yield "word_sender_unsure", {"address": letter.mail.sender}
    others = [one for one in letter.known.addresses.get(letter.mail.sender, ()) if one.dossier != sent.dossier]
    parties = {one.party for one in letter.known.addresses.get(letter.mail.sender, ()) if one.dossier == sent.dossier}
    theirs = any(one.party != Party.CLIENT or not _same_client(practice, one.dossier, sent.dossier) for one in others)
    if theirs or parties - {Party.CLIENT}:
        yield "word_shared_address", {"address": letter.mail.sender}


def _same_client(practice: Practice, one: str, other: str) -> bool:
    keys = practice.database.rows("SELECT client_key FROM dossiers WHERE reference IN (?, ?)", one, other)
    return len({row["client_key"] for row in keys}) == 1


def _unasked(practice: Practice, letter: Letter, ours: Callable[[str], str]) -> Word | None:
    """Give what a letter of hers that answers no mail of ours seems to say while her word is awaited, or holds."""
    dossier = letter.match.dossier
    hers = {one.dossier for one in letter.known.addresses.get(letter.mail.sender, ()) if one.party == Party.CLIENT}
    if dossier is None or dossier not in hers or answered(letter.mail, letter.known):
        return None
    for kind in approvals.APPROVED:
        document = approvals.newest(practice, dossier, kind)
        if (
            document is None
            or not approvals.is_asked(practice, document)
            or approvals.has_left(practice, document, surely=True)
        ):
            continue
        answer = assent(letter.mail, ours(dossier))
        if answer is not Answer.UNCLEAR:
            return Word(dossier, kind, document["version"], answer, (("word_indirect", {}),), asked=False)
    return None


def take(practice: Practice, word: Word, mail: int, now: datetime, came: datetime) -> list[Ask]:
    """Record what a letter says, where that is sure or keeps the gate shut; gives what to put before the coach."""
    document = approvals.newest(practice, word.dossier, word.kind)
    if document is None or not _has_payer(practice, word.dossier):
        return []
    told = approvals.about(practice, word.dossier, word.kind, document["version"])
    if told is None or not word.asked:
        return [_question(APPROVAL, word, *(() if told else (("word_not_sent", {}),)))]
    if word.version != document["version"]:
        return _of_older(practice, word, document, mail, now, came)
    if word.answer in SHUTS:
        return [_shut(practice, word, document, mail, now, came)]
    return _let(practice, word, document, mail, now, came)


def _has_payer(practice: Practice, dossier: str) -> bool:
    """Tell whether there is anybody to whom a document could go on."""
    facts = practice.database.value(
        "SELECT facts FROM requests WHERE dossier = ? ORDER BY revision DESC LIMIT 1", dossier
    )
    return bool((json.loads(facts or "{}").get("sponsor") or {}).get("email"))


def _of_older(
    practice: Practice, word: Word, newest: sqlite3.Row, mail: int, now: datetime, came: datetime
) -> list[Ask]:
    """Take a word on an older version: it approves nothing; what shuts a gate that stands open, shuts it."""
    older: Reason = ("word_older", {"version": str(word.version), "newest": str(newest["version"])})
    if word.answer in SHUTS and approvals.stands(practice, newest):
        what, reasons = _shut(practice, word, newest, mail, now, came)
        return [(what, (*reasons, older))]
    if approvals.has_left(practice, newest, surely=True) and word.answer not in SHUTS:
        return []
    return [_question(SHUTS[word.answer][1] if word.answer in SHUTS else APPROVAL, word, older)]


def _shut(practice: Practice, word: Word, document: sqlite3.Row, mail: int, now: datetime, came: datetime) -> Ask:
    answer, what = SHUTS[word.answer]
    approvals.record(practice, document, answer, f"{approvals.REPLY} {mail}", now, came)
    further: list[Reason] = [("word_left", {})] if approvals.has_left(practice, document) else []
    if approvals.stands(practice, document):
        further.append(("word_later_yes", {}))
    return _question(what, word, *further)


def _let(practice: Practice, word: Word, document: sqlite3.Row, mail: int, now: datetime, came: datetime) -> list[Ask]:
    """Take a yes, or what is not clear; of what is gone already nothing can be opened, and nothing is asked."""
    said = approvals.latest(practice, document)
    if approvals.has_left(practice, document, surely=True):
        return []
    if word.answer is not Answer.YES:
        approvals.suspend(practice, document, f"{approvals.UNCLEAR} {mail}", now, came)
        return [_question(APPROVAL, word)]
    if said is not None and said["given"]:
        return []
    otherwise = said is not None and not _is_passed(said, came)
    if word.doubts or otherwise:
        return [_question(APPROVAL, word, *([("word_after_no", {})] if otherwise else []))]
    approvals.record(practice, document, approvals.Answer.YES, f"{approvals.REPLY} {mail}", now, came)
    return []


def _is_passed(said: sqlite3.Row, came: datetime) -> bool:
    """Tell whether what she said last was only unclear, and came before this."""
    return said["way"].startswith(approvals.UNCLEAR) and datetime.fromisoformat(said["at"]) < came


def _question(what: str, word: Word, *further: Reason) -> Ask:
    about = {"dossier": word.dossier, "kind": str(word.kind), "version": str(word.version)}
    doubts = word.doubts if what == APPROVAL or word.answer is Answer.NO else ()
    return what, ((ABOUT, about), (READ_AS[word.answer], {}), *further, *doubts)


def decided(
    practice: Practice, about: dict[str, str], mail: int, answer: approvals.Answer, now: datetime
) -> sqlite3.Row | None:
    """Record what the coach says that a letter means, as said when it came; gives the document.

    None when there is nothing to say it of any more: a newer version took its place, or it never reached her.
    """
    document = approvals.about(practice, about["dossier"], Kind(about["kind"]), int(about["version"]))
    if document is None:
        return None
    came = practice.database.value("SELECT coalesce(came_at, stored_at) FROM mails WHERE number = ?", mail)
    approvals.undo(practice, f"{approvals.UNCLEAR} {mail}", now)
    approvals.record(practice, document, answer, approvals.COACH, now, datetime.fromisoformat(came))
    return document


def struck(practice: Practice, mail: int, now: datetime) -> None:
    """Strike what was recorded of a letter: the coach says that it says nothing of the kind."""
    for way in (approvals.REPLY, approvals.UNCLEAR):
        approvals.undo(practice, f"{way} {mail}", now)
