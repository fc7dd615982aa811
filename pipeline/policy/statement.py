"""The privacy statement itself, as values for its template: sections of sentences, each with the rule it comes from.

Pure: from the policy, the laws that it names, and practice.yaml, nothing else. What the program does not keep yet is
the practice's promise all the same, and stands here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import date
from itertools import groupby
from typing import Any

from babel.dates import format_date

from pipeline.config.practice import PracticeFile
from pipeline.policy import phrases
from pipeline.policy.drift import BY_HAND, SHORT, digest, provider
from pipeline.policy.period import Period
from pipeline.policy.phrases import capital, listed
from pipeline.policy.policy import Policy, law, retention_rules
from pipeline.policy.schema.base import Category, Rule
from pipeline.policy.schema.later import RequestRule
from pipeline.policy.schema.people import Asked, Question
from pipeline.policy.schema.retention import RetentionRule
from pipeline.policy.sections import Cell, Line, Row, Section
from pipeline.policy.sentences import parts, sentence, term
from pipeline.words import say

Values = dict[str, Any]
CLAUSE = re.compile(r"\b[A-Z]-[A-Za-z0-9.]*[A-Za-z0-9]\b")
OURS = "pipeline"
"""What a term of this program itself has as its source."""


@dataclass(frozen=True)
class _Told:
    """What every section is made from."""

    policy: Policy
    file: PracticeFile
    language: str
    since: date

    def say(self, name: str, /, **values: object) -> str:
        return say(self.language, name, **values)  # the names are those that the sections ask for

    def rules(self, rules: Iterable[Rule | Question]) -> list[Line]:
        return [Line(sentence(rule, self.policy, self.language), _name(rule)) for rule in rules]

    def laws(self, section: str) -> list[Any]:
        return [rule for name in self.policy.law for rule in getattr(law(name), section)]


def statement_values(policy: Policy, file: PracticeFile, language: str, since: date) -> Values:
    """Give the values of the statement's template: its sections in `language`; `since` is the date of this version."""
    told = _Told(policy, file, language, since)
    made = (
        _who, _asked, _consents, _recipients, _limits, _mail, _kept, _closing, _rights, _safe, _breach, _complaints,
        _readings, _more, _changes,
    )  # fmt: skip
    sections = [section for make in made if not (section := make(told)).empty]
    practice = {name: "" if value is None else str(value) for name, value in file.practice.model_dump().items()}
    title = policy.title.in_language(language)
    return {
        "language": language,
        "practice": practice,
        "title": title,
        "statement": {"title": title, "version": file.statement.version, "url": file.statement.url or ""},
        "since": _day(told),
        "fingerprint": digest(policy, file)[:SHORT],
        "intro": [told.say("st_intro"), told.say("st_you", practice=practice["name"])],
        "sections": [asdict(section) for section in sections],
    }


def _who(told: _Told) -> Section:
    practice, language = told.file.practice, told.language
    lead = {"controller": told.say("st_who_controller", practice=practice.name),
            "processor": told.say("st_who_processor", practice=practice.name)}  # fmt: skip
    address = f"{practice.street}, {practice.postcode} {practice.city}, {practice.country}"
    rows = [
        (say(language, "st_name"), practice.name), (say(language, "st_coach"), practice.coach),
        (say(language, "st_address"), address), (say(language, "st_email"), practice.email),
        (say(language, "st_phone"), practice.phone), (say(language, "st_website"), practice.website),
        (say(language, "st_kvk"), practice.kvk),
    ]  # fmt: skip
    return Section(
        "who", told.say("st_who"), [Line(lead[told.policy.role])],
        rows=[Row([Cell(label), Cell(text)]) for label, text in rows if text],
    )  # fmt: skip


def _asked(told: _Told) -> Section:
    policy, language = told.policy, told.language
    if not policy.fields:
        kinds = dict.fromkeys(category for rule in policy.retention for category in rule.covers)
        return Section("data", told.say("st_data"), [Line(told.say("st_data_kinds", what=_what(kinds, language)))])
    heads = [told.say("st_from_whom"), told.say("st_what"), told.say("st_what_for")]
    rows = []
    for rule in policy.fields:
        needed = told.say("st_needed", needed=phrases.fields(rule.needed, language)) if rule.needed else ""
        cells = [Cell(told.say("st_from", whose=phrases.whose(rule.whose, language))),
                 Cell(capital(phrases.fields(rule.fields, language)), needed),
                 Cell(capital(phrases.purpose(rule.category, language)))]  # fmt: skip
        rows.append(Row(cells, rule.id))
    return Section("data", told.say("st_data"), [Line(told.say("st_data_lead"))], heads, rows)


def _consents(told: _Told) -> Section:
    lead = [Line(told.say("st_consents_lead", email=told.file.practice.email))]
    return Section(
        "consents", told.say("st_consents"), lead, items=[_question(told, one) for one in told.policy.consents]
    )


def _question(told: _Told, question: Question) -> Line:
    """Give a question as it is asked; when it is asked is said where that is not with the quote."""
    first, *more = parts(question, told.policy, told.language)
    quoted = f"“{question.text.in_language(told.language)}”" if question.asked == [Asked.QUOTE] else first
    return Line(" ".join([quoted, *more]), question.purpose)


def _recipients(told: _Told) -> Section:
    mail = told.file.mail
    servers = [server for server in (mail.smtp, mail.imap) if server]
    hosts = listed(sorted({provider(server.host) for server in servers}), told.language)
    goal = told.say("st_sponsor_goal") if told.file.quote.goal_to_sponsor else told.say("st_sponsor_no_goal")
    lead = [Line(f"{told.say('st_sponsor')} {goal}", "practice.quote"),
            Line(told.say("st_provider", hosts=hosts), "practice.mail")]  # fmt: skip
    return Section("recipients", told.say("st_recipients"), lead, items=told.rules(told.policy.processors))


def _limits(told: _Told) -> Section:
    return Section("limits", told.say("st_limits"), items=told.rules(told.policy.gates))


def _mail(told: _Told) -> Section:
    return Section("mail", told.say("st_mail"), items=told.rules([*told.policy.mail_contents, *told.policy.mail]))


def _kept(told: _Told) -> Section:
    rules = retention_rules(told.policy)
    heads = [told.say("st_what"), told.say("st_how_long"), told.say("st_because")]
    lead, after = [Line(told.say("st_kept_lead"))], list(_beside_the_law(told))
    windows = {phrases.period(rule.window, told.language) for rule in rules if rule.window != Period()}
    shared = windows.pop() if len(windows) == 1 else None
    if shared:
        after.append(Line(told.say("st_window", period=shared)))
    elsewhere = say(told.language, "keep_window", period=shared)
    rows = [_term_row(told, rule, elsewhere) for rule in rules]
    return Section("kept", told.say("st_kept"), lead, heads, rows, after=after)


def _term_row(told: _Told, rule: RetentionRule, elsewhere: str) -> Row:
    """Give the row of one term; what is said `elsewhere` of all of them is not repeated."""
    language, source = told.language, rule.source if rule.source != OURS else None
    basis = phrases.basis(rule.basis, language)
    if source:
        basis = told.say("st_law_basis", basis=basis, source=source)
    _, *notes = [part for part in parts(rule, told.policy, language) if part != elsewhere]
    cells = [Cell(capital(_what(rule.covers, language))), Cell(capital(term(rule, language)), " ".join(notes))]
    return Row([*cells, Cell(capital(basis))], rule.id)


def _beside_the_law(told: _Told) -> Iterator[Line]:
    """Tell, for each thing that a law wants kept, what was promised and what the law asks."""
    language = told.language
    for legal in told.laws("retention"):
        for category in legal.covers if legal.floor else ():
            promises = [rule for rule in told.policy.retention if category in rule.covers]
            if not promises:
                continue
            word = "st_law_beside" if legal.fields else "st_law_beside_all"
            yield Line(told.say(
                word, what=capital(phrases.category(category, language)),
                promise=listed([term(rule, language) for rule in promises], language),
                legal=term(legal, language), fields=phrases.fields(legal.fields, language),
            ), legal.id)  # fmt: skip


def _closing(told: _Told) -> Section:
    return Section("closing", told.say("st_closing"), items=told.rules(told.policy.closing))


def _rights(told: _Told) -> Section:
    """Give what can be asked, each thing once; what the law adds to what is promised, after it."""
    lead = [Line(told.say("st_rights_lead", email=told.file.practice.email))]
    legal: list[RequestRule] = told.laws("requests")
    items, said = [], set[str]()
    for rule in told.policy.requests or legal:
        first, *more = parts(rule, told.policy, told.language)
        items.append(Line(" ".join([first, *(part for part in more if part not in said)]), rule.id))
        said |= set(more)
    promised = {ask for rule in told.policy.requests if not rule.covers for ask in rule.may}
    added = dict.fromkeys(ask for rule in legal for ask in rule.may if ask not in promised)
    after = []
    if told.policy.requests and added:
        asks = phrases.asks(added, told.language)
        after.append(Line(told.say("st_rights_law", asks=asks), legal[0].id))
    return Section("rights", told.say("st_rights"), lead, items=items, after=after)


def _safe(told: _Told) -> Section:
    policy = told.policy
    return Section("safe", told.say("st_safe"), items=told.rules([*policy.access, *policy.attest, *policy.backup]))


def _breach(told: _Told) -> Section:
    """Give what is promised for a breach, and for whom nothing is promised what the law asks."""
    promised = {rule.tell for rule in told.policy.breach}
    legal = [rule for rule in told.laws("breach") if rule.tell not in promised]
    return Section("breach", told.say("st_breach"), items=told.rules([*told.policy.breach, *legal]))


def _complaints(told: _Told) -> Section:
    lead = told.rules(told.policy.complaints)
    return Section("complaints", told.say("st_complaints"), lead, after=[Line(told.say("st_authority"))])


def _readings(told: _Told) -> Section:
    """Give each clause that can be read in more than one way with the reading that holds."""
    items = []
    for clauses, readings in groupby(told.policy.readings, lambda reading: reading.clauses):
        held = list(readings)
        known = [told.policy.clauses[clause] for clause in clauses if clause in told.policy.clauses]
        says = " ".join(clause.says.in_language(told.language) for clause in known)
        first, *more = [_named(told, one.chosen.in_language(told.language).rstrip(".")) for one in held]
        chosen = ". ".join([first, *map(capital, more)])
        items.append(Line(told.say("st_reading", says=says, chosen=chosen), " ".join(one.id for one in held)))
    lead = [Line(told.say("st_readings_lead"))] if items else []
    return Section("readings", told.say("st_readings"), lead, items=items)


def _named(told: _Told, text: str) -> str:
    """Give a text in which clauses are quoted instead of numbered: clients do not know the numbers."""
    clauses = told.policy.clauses
    return CLAUSE.sub(
        lambda found: f"“{clauses[found[0]].says.in_language(told.language)}”" if found[0] in clauses else found[0],
        text,
    )


def _more(told: _Told) -> Section:
    """Give the promises that no rule keeps because a person does, or because the program is made so."""
    kept = [(name, clause) for name, clause in told.policy.clauses.items() if clause.unruled in BY_HAND]
    items = [Line(clause.says.in_language(told.language), name) for name, clause in kept]
    return Section("more", told.say("st_more"), items=[*items, *told.rules(told.policy.signposts)])


def _changes(told: _Told) -> Section:
    file = told.file
    rows = [
        (told.say("st_version"), file.statement.version), (told.say("st_date"), _day(told)),
        (told.say("st_fingerprint"), digest(told.policy, file)[:SHORT]),
        (told.say("st_found_at"), file.statement.url),
    ]  # fmt: skip
    return Section(
        "changes", told.say("st_changes"), [*told.rules(told.policy.changes), Line(told.say("st_exactly"))],
        rows=[Row([Cell(label), Cell(text)]) for label, text in rows if text],
    )  # fmt: skip


def _what(categories: Iterable[Category], language: str) -> str:
    return phrases.categories(categories, language)


def _day(told: _Told) -> str:
    return str(format_date(told.since, "d MMMM y", locale=phrases.LOCALES[told.language]))


def _name(rule: Rule | Question) -> str:
    return rule.purpose if isinstance(rule, Question) else rule.id
