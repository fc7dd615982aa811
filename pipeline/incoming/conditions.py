"""Whether the conditions of a rule hold for a mail, each with the words to say so; pure.

Takes one condition and what is known of one mail; leaves a judgment of each part, nested as the condition is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pipeline.config.comparisons import Bounds, Header, Period, Text
from pipeline.config.patterns import found, plain
from pipeline.config.rules import Attachment, Condition
from pipeline.incoming.answers.own_text import own_text
from pipeline.incoming.mail import File, Mail, Standing
from pipeline.model import Nature
from pipeline.words import say

MOST_LOOKED, MOST_OF_MANY, MOST_FILES, SHOWN = 100_000, 8_000, 200, 4
NATURES = {
    "auto_reply": Nature.AUTO_REPLY, "bounce": Nature.BOUNCE, "receipt": Nature.RECEIPT,
    "mailing_list": Nature.LIST, "own": Nature.OWN,
}  # fmt: skip
GROUPS = {"all": "rule_all", "any": "rule_any", "none": "rule_none"}
TEXTS = {
    "sender": "rule_sender", "to": "rule_to", "subject": "rule_subject", "body": "rule_body",
    "whole_body": "rule_whole_body",
}  # fmt: skip
WAYS = {"text": "rule_text", "exact": "rule_exact", "glob": "rule_glob", "regex": "rule_regex"}
YES_OR_NO = {
    "authenticated": "rule_authenticated", "contradicted": "rule_contradicted", "known_sender": "rule_known_sender",
    "reply_to_us": "rule_reply_to_us", "auto_reply": "rule_auto_reply", "bounce": "rule_bounce",
    "receipt": "rule_receipt", "mailing_list": "rule_mailing_list", "own": "rule_own", "has_files": "rule_has_files",
    "unreadable": "rule_unreadable", "always": "rule_always",
}  # fmt: skip


@dataclass(frozen=True)
class Facts:
    """What is known of one mail when the rules are asked."""

    mail: Mail
    nature: Nature
    standing: Standing
    known_sender: bool
    reply_to_us: bool


@dataclass(frozen=True)
class Judged:
    """Whether a condition holds, what it asks in words, and the conditions inside it."""

    met: bool
    said: str
    inside: tuple[Judged, ...] = ()


@dataclass
class Looking:
    """One mail under the eyes of the rules; each of its texts is made ready once."""

    facts: Facts
    language: str
    _ready: dict[str, list[str]] = field(default_factory=dict)

    def say(self, word: str, **values: object) -> str:
        """Give the sentence called `word` in the reader's language."""
        return say(self.language, word, **values)

    def joined(self, word: str, said: Iterable[str]) -> str:
        """Put a word between what is said."""
        return f" {self.say(word)} ".join(said)

    def texts(self, name: str) -> list[str]:
        """Give the texts of the mail that a condition called `name` is about."""
        if name not in self._ready:
            self._ready[name] = list(self._made(name))
        return self._ready[name]

    def _made(self, name: str) -> Iterable[str]:
        mail = self.facts.mail
        if name == "sender":
            return _bounded([mail.sender] if mail.sender else [])
        if name == "to":
            return _bounded(mail.recipients)
        if name == "subject":
            return _bounded([mail.subject])
        if name == "body":
            return [plain(own_text(mail.text[:MOST_LOOKED]))]
        return [plain(mail.text[:MOST_LOOKED])]


def _bounded(texts: Iterable[str]) -> Iterator[str]:
    """Give texts as they are compared, and no more of them together than can be looked at in little time."""
    left = MOST_OF_MANY
    for text in texts:
        if left <= 0:
            return
        yield plain(text[:left])
        left -= len(text) + 1


def judge(condition: Condition, looking: Looking) -> Judged:
    """Judge everything that a condition asks, together."""
    judged = [_part(name, asked, looking) for name, asked in condition.written.items()]
    return judged[0] if len(judged) == 1 else _group("all", judged, looking)


def _group(name: str, judged: list[Judged], looking: Looking) -> Judged:
    met = [one.met for one in judged]
    held = all(met) if name == "all" else any(met) is (name == "any")
    return Judged(held, looking.say(GROUPS[name]), tuple(judged))


def _part(name: str, asked: object, looking: Looking) -> Judged:
    """Judge one thing that is asked."""
    if name in GROUPS:
        assert isinstance(asked, list)
        return _group(name, [judge(one, looking) for one in asked], looking)
    if isinstance(asked, bool):
        said = looking.say(YES_OR_NO[name])
        met = _is_so(name, looking.facts) is asked
        return Judged(met, said if asked else looking.say("rule_asked_no", what=said))
    met, said = _compared(name, asked, looking)
    return Judged(met, said)


def _is_so(name: str, facts: Facts) -> bool:
    if name in NATURES:
        return facts.nature is NATURES[name]
    return {
        "authenticated": facts.standing is Standing.AUTHENTICATED,
        "contradicted": facts.standing is Standing.FAILED,
        "known_sender": facts.known_sender,
        "reply_to_us": facts.reply_to_us,
        "has_files": bool(facts.mail.files),
        "unreadable": bool(facts.mail.unread),
        "always": True,
    }[name]


def _compared(name: str, asked: object, looking: Looking) -> tuple[bool, str]:
    mail = looking.facts.mail
    if isinstance(asked, Bounds):
        return _within(asked, mail.size, looking)
    if isinstance(asked, Period):
        return _in_period(asked, mail, looking)
    assert isinstance(asked, list)
    if name == "header":
        return _either([_header(one, mail, looking) for one in asked], looking)
    if name == "attachment":
        return _either([_attachment(one, mail, looking) for one in asked], looking)
    return _any_text(asked, looking.texts(name), looking.say(TEXTS[name]), looking)


def _either(judged: list[tuple[bool, str]], looking: Looking) -> tuple[bool, str]:
    """One of these is enough; say the one that holds, or the first few that do not."""
    met = [said for holds, said in judged if holds]
    said = met[:1] or [said for _, said in judged]
    more = " ..." if len(said) > SHOWN else ""
    return bool(met), looking.joined("rule_or", said[:SHOWN]) + more


def _any_text(asked: Sequence[Text], texts: list[str], what: str, looking: Looking) -> tuple[bool, str]:
    """Tell whether one of `texts` is one of what is asked."""
    ways = [one.said[0] for one in asked]
    judged = [
        (any(found(kind, wanted, text) for text in texts), looking.say(WAYS[kind], value=wanted))
        for kind, wanted in ways
    ]
    met, said = _either(judged, looking)
    return met, f"{what} {said}"


def _header(asked: Header, mail: Mail, looking: Looking) -> tuple[bool, str]:
    texts, what = list(_bounded(mail.header(asked.name))), looking.say("rule_header", name=asked.name)
    if not asked.said:
        return bool(texts), f"{what} {looking.say('rule_exists')}"
    return _any_text([asked], texts, what, looking)


def _attachment(asked: Attachment, mail: Mail, looking: Looking) -> tuple[bool, str]:
    """Tell whether one file is all that is asked at once."""
    files = mail.files[:MOST_FILES]
    judged = [_file(asked, one, looking) for one in files] or [_file(asked, File("", "", b""), looking)]
    met = bool(files) and any(holds for holds, _ in judged)
    return met, f"{looking.say('rule_attachment')}: {judged[0][1]}"


def _file(asked: Attachment, file: File, looking: Looking) -> tuple[bool, str]:
    parts: list[tuple[bool, str]] = []
    if asked.name:
        parts.append(_file_text(asked.name, file.name, "rule_name", looking))
    if asked.not_name:
        held, said = _file_text(asked.not_name, file.name, "rule_not_name", looking)
        parts.append((not held, said))
    if asked.type:
        parts.append(_file_text(asked.type, file.type, "rule_type", looking))
    if asked.size:
        parts.append(_within(asked.size, len(file.data), looking))
    return all(met for met, _ in parts), looking.joined("rule_and", [said for _, said in parts])


def _file_text(asked: Sequence[Text], text: str, word: str, looking: Looking) -> tuple[bool, str]:
    return _any_text(asked, [plain(text[:MOST_OF_MANY])], looking.say(word), looking)


def _within(asked: Bounds, size: int, looking: Looking) -> tuple[bool, str]:
    over = asked.over is None or size > asked.over
    under = asked.under is None or size < asked.under
    limits = {"rule_over": asked.over, "rule_under": asked.under}
    return over and under, _limits("rule_size", limits, looking)


def _in_period(asked: Period, mail: Mail, looking: Looking) -> tuple[bool, str]:
    day = mail.date.date() if mail.date else None
    after = day is not None and (asked.after is None or day > asked.after)
    before = day is not None and (asked.before is None or day < asked.before)
    limits = {"rule_after": asked.after, "rule_before": asked.before}
    return after and before, _limits("rule_date", limits, looking)


def _limits(what: str, limits: Mapping[str, object], looking: Looking) -> str:
    said = [looking.say(word, value=limit) for word, limit in limits.items() if limit is not None]
    return f"{looking.say(what)} {looking.joined('rule_and', said)}"
