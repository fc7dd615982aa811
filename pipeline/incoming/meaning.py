"""What one incoming mail means: its nature, its dossier, the papers in it, what it asks of the coach. Writes nothing.

An automatic mail is never an answer. A letter can be: papers, a consent taken back, a quote declined, or plain words.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from pipeline.config.rules import Action
from pipeline.errors import ReadingFailed, ReadingNotInstalled
from pipeline.incoming import approving, bounces, facts, message, rules
from pipeline.incoming.answers import letters
from pipeline.incoming.answers.own_text import own_text
from pipeline.incoming.judging import ANSWERED, Letter, judge_document, trouble_of
from pipeline.incoming.mail import Bounce, Correspondent, File, Known, Mail, Page, Sent, Standing
from pipeline.incoming.match import Match, answered, match, of_message_id, replied_to
from pipeline.incoming.moment import came_at
from pipeline.incoming.papers import Papers, Returned, recognise
from pipeline.model import Kind, MailState, Nature, ObligationState, Party, Reason, message_file
from pipeline.practice import Practice
from pipeline.tokens import document_password

Ask = tuple[str, tuple[Reason, ...]]
ASSIGNED = "assigned by the coach"
LOOKS = {Action.FILE_RETURN, Action.ANSWER, Action.DATA_SUBJECT_REQUEST}
REFERENCE = re.compile(r"[0-9A-Z]{4}-[0-9A-Z]{4}")
MOST_TRIED = 8
QUIET_OF = {Nature.LETTER: "reply", Nature.AUTO_REPLY: "absence"}


@dataclass
class Meaning:
    """What one mail turned out to be; `asks` is what to put before the coach, as (what, reasons)."""

    nature: Nature
    standing: Standing
    rule: str
    state: MailState = MailState.LEFT
    match: Match = field(default_factory=lambda: Match(None))
    party: str | None = None
    quiet: str | None = None
    papers: Papers = field(default_factory=Papers)
    returned: list[Returned] = field(default_factory=list)
    bounced: list[tuple[Sent, Bounce]] = field(default_factory=list)
    silent: tuple[Correspondent, ...] = ()
    withdraws: tuple[str, ...] = ()
    declines: bool = False
    word: approving.Word | None = None
    came_at: datetime | None = None
    asks: list[Ask] = field(default_factory=list)
    mark: str | None = None
    move: str | None = None


def meaning_of(practice: Practice, row: sqlite3.Row, mail: Mail, known: Known) -> Meaning:
    """Give what `mail`, stored as `row`, means."""
    seen = facts.seen(practice, mail, known)
    kind = seen.nature
    decision = rules.decide(practice.rules, seen)
    meaning = Meaning(kind, seen.standing, decision.rule, mark=decision.mark, move=decision.move)
    meaning.came_at = came_at(mail, datetime.fromisoformat(row["stored_at"]))
    assigned, wanted = row["dossier"] if row["rule"] == ASSIGNED else None, _wanted(decision.action, mail)
    if kind is Nature.LETTER or assigned:
        _letter(practice, meaning, mail, known, wanted, assigned)
    elif kind is Nature.BOUNCE:
        _bounce(meaning, mail, known)
    elif kind is not Nature.OWN:
        _automatic(practice, meaning, mail, known)
    _asked_by_rule(meaning, wanted)
    if kind is Nature.LETTER:
        meaning.word = _her_word(practice, meaning, mail, known)
    if meaning.asks:
        meaning.state = MailState.SET_ASIDE if wanted is Action.SET_ASIDE else MailState.WAITING
    return meaning


def _wanted(action: Action | None, mail: Mail) -> Action:
    """Give what to do with a letter; without a rule, papers are looked at and words are filed with their dossier."""
    if action is not None:
        return action
    return Action.FILE_RETURN if mail.files or mail.unread else Action.FILE_CORRESPONDENCE


def _bounce(meaning: Meaning, mail: Mail, known: Known) -> None:
    """Recognise which of our mails did not arrive: by our token, which nobody can guess, or our Message-ID."""
    report = bounces.of(mail)
    if report is None:
        return
    found = [of_message_id(name, known) for name in report.message_ids]
    found += [known.sent.get(token) for token in report.tokens]
    for sent in {one.token: one for one in found if one}.values():
        meaning.state, meaning.match = MailState.FILED, Match(sent.dossier)
        meaning.party = sent.party
        meaning.bounced.append((sent, report))


def _automatic(practice: Practice, meaning: Meaning, mail: Mail, known: Known) -> None:
    """File an automatic mail with what it answers; papers in it are shown, and never taken as an answer.

    An office scanner mails by itself, too: the coach assigns what it sent, and then it is read as a letter.
    """
    meaning.asks += _look_at_papers(practice, meaning, mail, looks=True)
    meaning.match = match(mail, meaning.papers.pages, meaning.papers.fingerprints, known, None)
    touched = {page.file for page in meaning.papers.pages if not _blank(practice, meaning.papers.files[page.file])}
    if touched:
        reasons = () if meaning.match.dossier else meaning.match.reasons
        meaning.asks.append(("papers", (("automatic_with_papers", {}), *reasons)))
    _words(practice, meaning, mail, known)
    if meaning.match.dossier is None:
        return
    meaning.state = MailState.FILED
    if answered(mail, known):
        meaning.quiet, meaning.party = QUIET_OF.get(meaning.nature), _party(mail, known, meaning.match.dossier)


def _blank(practice: Practice, file: File) -> bool:
    """Tell whether a file is, byte for byte, one that we sent."""
    sha256 = hashlib.sha256(file.data).hexdigest()
    return bool(practice.database.value("SELECT 1 FROM documents WHERE sha256 = ?", sha256))


def _letter(
    practice: Practice, meaning: Meaning, mail: Mail, known: Known, wanted: Action, assigned: str | None
) -> None:
    if wanted is not Action.LEAVE or assigned:
        own = _passwords(practice, mail, known, assigned)
        trouble = _look_at_papers(practice, meaning, mail, own, looks=wanted in LOOKS or bool(assigned))
        meaning.match = match(mail, meaning.papers.pages, meaning.papers.fingerprints, known, assigned)
        if meaning.match.dossier is not None:
            meaning.state, meaning.quiet = MailState.FILED, QUIET_OF[Nature.LETTER]
            meaning.party = _party(mail, known, meaning.match.dossier)
            meaning.asks += trouble or _papers(practice, meaning, mail, known)
        elif meaning.match.claims:
            meaning.asks.append(("unmatched", meaning.match.reasons))
            meaning.silent = tuple(Correspondent(sent.dossier, sent.party) for sent in answered(mail, known))
        else:
            meaning.asks += trouble
    _words(practice, meaning, mail, known)


def _passwords(practice: Practice, mail: Mail, known: Known, assigned: str | None) -> tuple[str, ...]:
    """Give the passwords of the dossiers that a mail may be about, for what we locked ourselves and comes back so."""
    sent, ours = replied_to(mail, known), {one.dossier for one in known.sent.values()}
    named = [found for file in mail.files for found in REFERENCE.findall(file.name.upper()) if found in ours]
    addressed = [one.dossier for one in known.addresses.get(mail.sender, ())]
    likely = dict.fromkeys([*([assigned] if assigned else []), *([sent.dossier] if sent else []), *named, *addressed])
    told = (Party.CLIENT, Party.SPONSOR)
    return tuple(document_password(practice.key, one, party) for one in list(likely)[:MOST_TRIED] for party in told)


def _look_at_papers(
    practice: Practice, meaning: Meaning, mail: Mail, passwords: tuple[str, ...] = (), *, looks: bool
) -> list[Ask]:
    """Have the files of a letter recognised; gives what to put before the coach when that cannot be done."""
    try:
        wanted = mail.files if looks else ()
        meaning.papers = recognise(wanted, practice.reader, practice.key, passwords) if wanted else Papers()
    except (ReadingFailed, ReadingNotInstalled) as error:
        return [("papers", (trouble_of(error),))]
    return []


def _party(mail: Mail, known: Known, dossier: str) -> str | None:
    """Give who of a dossier wrote: by the mail that is answered, else by the address; None when that is not clear."""
    sent = replied_to(mail, known)
    if sent is not None and sent.dossier == dossier:
        return sent.party
    parties = {one.party for one in known.addresses.get(mail.sender, ()) if one.dossier == dossier}
    return parties.pop() if len(parties) == 1 else None


def _asked_by_rule(meaning: Meaning, wanted: Action) -> None:
    if wanted is Action.DATA_SUBJECT_REQUEST:
        meaning.asks.append(("request", (("request_by_rule", {"rule": meaning.rule}),)))
    elif wanted is Action.ANSWER and meaning.match.dossier:
        meaning.asks.append(("answer", (("answer_by_rule", {"rule": meaning.rule}),)))
    elif wanted is Action.SET_ASIDE:
        meaning.asks.append(("set_aside", (("aside_by_rule", {"rule": meaning.rule}),)))


def _words(practice: Practice, meaning: Meaning, mail: Mail, known: Known) -> None:
    """Take words in the safe direction: from whoever may mean a dossier of ours, whatever else the mail is."""
    persons = {one.dossier for one in known.addresses.get(mail.sender, ())}
    dossiers = {meaning.match.dossier} if meaning.match.dossier else persons
    if dossiers and _withdraws(mail, _ours(practice, dossiers)):
        meaning.withdraws = tuple(sorted(dossiers))
        meaning.asks.append(("withdrawal", (("withdrawn_at_once", {"dossiers": ", ".join(sorted(dossiers))}),)))
    asked = any(approving.asked_by(practice, sent) for sent in answered(mail, known))
    said_no = not asked and any(letters.declines(own_text(one)) for one in (mail.text, mail.html_text))
    if meaning.match.dossier and said_no:
        meaning.declines = _owes_quote(practice, meaning)
        decline: Ask = ("decline", (("declined_at_once", {}),))
        meaning.asks.append(decline if meaning.declines else ("letter", (("says_no", {}),)))


def _her_word(practice: Practice, meaning: Meaning, mail: Mail, known: Known) -> approving.Word | None:
    """Give her word on what waits for it; a withdrawal says more than that, and a form beside it says it better."""
    more = bool(meaning.asks or meaning.returned or meaning.declines)
    letter = approving.Letter(mail, known, meaning.standing, meaning.match, more)
    word = approving.word_of(practice, letter, lambda dossier: _ours(practice, [dossier]))
    form = any(one.kind is Kind.APPROVAL for one in meaning.returned)
    if word is None or word.dossier in meaning.withdraws or (form and word.answer not in approving.SHUTS):
        return None
    return word


def _withdraws(mail: Mail, ours: str) -> bool:
    """Tell whether a consent is taken back anywhere in what was written: subject, text, HTML, around a quote."""
    own = f"{mail.subject}. {own_text(mail.text)}", own_text(mail.html_text)
    below = (letters.withdraws_below(one, ours) for one in (mail.text, mail.html_text))
    return any(map(letters.withdraws, own)) or any(below)


def _ours(practice: Practice, dossiers: Iterable[str]) -> str:
    """Give the texts of our mails about these dossiers: what is quoted of them was not written by who answers.

    A mail that asked something may be deleted by now, as promised; what it asked is kept until the consents go.
    """
    texts = []
    for dossier in dossiers:
        asked = practice.database.rows(
            "SELECT question FROM obligations WHERE dossier = ? AND question IS NOT NULL", dossier
        )
        texts += [row["question"] for row in asked]
        for row in practice.database.rows("SELECT token FROM messages WHERE dossier = ?", dossier):
            with contextlib.suppress(FileNotFoundError):
                texts.append(message.read(practice.storage.read(message_file(row["token"]))).text)
    return "\n".join(texts)


def _owes_quote(practice: Practice, meaning: Meaning) -> bool:
    """Tell whether who wrote, as far as known, is who has the quote to sign: nobody declines another's quote."""
    return bool(
        practice.database.value(
            "SELECT 1 FROM obligations WHERE dossier = ? AND kind = ? AND state = ? AND (? IS NULL OR party = ?)",
            meaning.match.dossier, Kind.QUOTE, ObligationState.AWAITED, meaning.party, meaning.party,
        )
    )  # fmt: skip


def _papers(practice: Practice, meaning: Meaning, mail: Mail, known: Known) -> list[Ask]:
    """Judge every document of the dossier that came; gives what could not be recognised."""
    asks: list[Ask] = []
    documents = meaning.papers.documents()
    assert meaning.came_at is not None
    letter = Letter(mail, meaning.came_at, meaning.standing, known)
    for document in (found for found in documents if found[0] == meaning.match.dossier):
        if document[1] not in ANSWERED:
            asks += _written_on(practice, meaning, documents[document])
            continue
        returned, reason = judge_document(practice, meaning.papers, document, letter)
        meaning.returned += [returned] if returned else []
        asks += [("papers", (reason,))] if reason else []
    if any(document[0] != meaning.match.dossier for document in documents):
        asks.append(("papers", (("pages_of_another", {}),)))
    if mail.unread:
        asks.append(("papers", tuple((word, {"name": name}) for word, name in mail.unread)))
    elif not documents and any(not _blank(practice, file) for file in meaning.papers.strange):
        asks.append(("papers", (("papers_without_code", {}),)))
    return asks


def _written_on(practice: Practice, meaning: Meaning, pages: list[Page]) -> list[Ask]:
    """Show a document of ours that nobody fills in and that comes back as another file: something may stand on it."""
    others = {page.file for page in pages if not _blank(practice, meaning.papers.files[page.file])}
    return [("papers", (("paper_not_a_form", {}),))] if others else []
