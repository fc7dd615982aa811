"""`policy new`, `check`, `explain`, `confirm`: advice on a policy, and the coach's word on how it is read."""

from __future__ import annotations

import re
import shutil
import textwrap
from argparse import ArgumentParser, Namespace, _SubParsersAction
from collections.abc import Iterable, Iterator
from datetime import datetime
from difflib import get_close_matches
from zoneinfo import ZoneInfo

from babel.dates import format_datetime

from pipeline import evidence
from pipeline.edges import ledger
from pipeline.errors import UsageError
from pipeline.evidence import Ran
from pipeline.policy import keeping, phrases
from pipeline.policy.advice import Finding, Weight, advice
from pipeline.policy.policy import Policy, shipped_policies
from pipeline.policy.schema.base import Grade
from pipeline.policy.schema.people import Reading
from pipeline.policy.sentences import sentence
from pipeline.practice import Practice, opened
from pipeline.words import say
from pipeline.worker import utc_now

WIDEST, NARROWEST = 100, 40
MOST_NAMED = 4
COMMAND = re.compile(r"pipeline policy [a-z]+(?: --like)?(?: [^\s);]+)?")
HARD_SPACE = "\N{NO-BREAK SPACE}"
GRADES = {
    Grade.DECLARED: "grade_declared", Grade.ATTESTED: "grade_attested", Grade.COMMANDED: "grade_commanded",
    Grade.OBSERVED_ABSENT: "grade_observed_absent", Grade.UNRECOVERABLE_INSIDE: "grade_unrecoverable_inside",
    Grade.KEY_DESTROYED: "grade_key_destroyed",
}  # fmt: skip


def add(commands: _SubParsersAction[ArgumentParser], shared: ArgumentParser) -> None:
    """Add the commands of this module."""
    policy = commands.add_parser("policy", help="your policy: advice, what a clause does, how it is read")
    actions = policy.add_subparsers(title="actions", metavar="ACTION", required=True)
    new = actions.add_parser("new", parents=[shared], help="make a policy of your own, beside practice.yaml")
    new.add_argument("--like", metavar="POLICY", required=True, help="one that comes with the program, such as kleur")
    new.add_argument("file", metavar="NAME.yaml", nargs="?", default="policy.yaml", help="its name (policy.yaml)")
    new.set_defaults(command=_new)
    check = actions.add_parser("check", parents=[shared], help="advice on your policy; exit code 1 when there is any")
    check.set_defaults(command=_check)
    explain = actions.add_parser("explain", parents=[shared], help="what a clause does, and when it last did")
    explain.add_argument("clause", metavar="CLAUSE", nargs="?", help="its number, such as K-12; all of them without")
    explain.set_defaults(command=_explain)
    confirm = actions.add_parser("confirm", parents=[shared], help="confirm how a clause is read")
    confirm.add_argument("reading", metavar="READING", help="its name, such as K-12.general; `policy check` gives them")
    confirm.set_defaults(command=_confirm)


def _new(chosen: Namespace) -> int:
    from pipeline import newpolicy
    from pipeline.config.practice import read_practice_file

    folder = chosen.practice.resolve()
    made = newpolicy.make(folder, chosen.like, chosen.file)
    language = read_practice_file(folder).language
    print(say(language, "policy_made", file=made.name, name=chosen.like))
    for word in ("policy_made_name_it", "policy_made_change", "policy_made_check"):
        print(f"  {say(language, word, file=made.name)}")
    return 0


def _check(chosen: Namespace) -> int:
    with opened(chosen.practice) as practice:
        policy, language = practice.policy, practice.file.language
        confirmed = _confirmed(practice)
        findings = advice(policy, practice.file, confirmed)
        print("\n".join(_advised(practice, policy, language, findings, confirmed)))
    return int(any(finding.weight is Weight.HEAVY for finding in findings))


def _advised(
    practice: Practice, policy: Policy, language: str, findings: list[Finding], confirmed: dict[str, str]
) -> Iterator[str]:
    yield from _wrapped(_about(policy, language), "", "")
    heavy = [one for one in findings if one.weight is Weight.HEAVY]
    if not heavy:
        yield from ("", *_wrapped(say(language, "policy_in_order"), "", ""))
    for word, found in (("policy_heavy", heavy), ("policy_light", [one for one in findings if one not in heavy])):
        if found:
            yield from ("", say(language, word, count=len(found)))
        for finding in found:
            yield from _found(finding, language)
    if confirmed:
        yield from ("", say(language, "policy_confirmed"))
    for reading, at in confirmed.items():
        yield f"  {reading}, {_date(at, practice)}"
    if findings:
        yield from ("", *_wrapped(_how_to_change(practice, language), "", ""))


def _about(policy: Policy, language: str) -> str:
    title = policy.title.in_language(language)
    return say(
        language, "policy_about", name=policy.name, title=title, version=policy.origin.version,
        count=len(policy.clauses),
    )  # fmt: skip


def _how_to_change(practice: Practice, language: str) -> str:
    named = practice.file.policy
    if named in shipped_policies():
        return say(language, "policy_change_shipped", like=named)
    return say(language, "policy_change_own", file=named)


def _found(finding: Finding, language: str) -> Iterator[str]:
    """Give the lines of one finding: its clauses before the text, the text as wide as the window."""
    mark = "!" if finding.weight is Weight.HEAVY else "-"
    named = list(finding.clauses)
    if len(named) > MOST_NAMED:
        named = [*named[: MOST_NAMED - 1], say(language, "policy_more_clauses", count=len(named) - MOST_NAMED + 1)]
    about = phrases.listed(named, language)
    yield from _wrapped(f"{about}: {finding.text}" if about else finding.text, f"{mark} ", "    ")


def _explain(chosen: Namespace) -> int:
    with opened(chosen.practice) as practice:
        policy, language = practice.policy, practice.file.language
        if chosen.clause is None:
            lines = _all_clauses(policy, language)
        else:
            lines = explained(practice, _known_clause(policy, chosen.clause, language))
        print("\n".join(lines))
    return 0


def _all_clauses(policy: Policy, language: str) -> Iterator[str]:
    """Give one line for each clause: its number, how it stands, and what it promises as far as the line goes."""
    stands = {clause: say(language, keeping.SHORT[keeping.standing(policy, clause)]) for clause in policy.clauses}
    first, second = max(map(len, stands)), max(map(len, stands.values()))
    for clause, entry in policy.clauses.items():
        room = max(_width() - first - second - 4, NARROWEST)
        says = textwrap.shorten(entry.says.in_language(language), room, placeholder=" …")
        yield f"{clause:{first}}  {stands[clause]:{second}}  {says}"


def _known_clause(policy: Policy, typed: str, language: str) -> str:
    """Give the clause that was typed, in whatever case, or raise `UsageError` that names those that are close."""
    known = {clause.casefold(): clause for clause in policy.clauses}
    wanted = typed.strip().casefold()
    if wanted in known:
        return known[wanted]
    shorn = {_shorn(clause): clause for clause in policy.clauses}
    close = [shorn[_shorn(wanted)]] if _shorn(wanted) in shorn else []
    close += [known[one] for one in get_close_matches(wanted, known, 3, 0.6) if known[one] not in close]
    if not close:
        raise UsageError(say(language, "policy_no_clause_at_all", value=typed))
    raise UsageError(say(language, "policy_no_clause", value=typed, close=phrases.listed(close, language, either=True)))


def _shorn(clause: str) -> str:
    return "".join(letter for letter in clause.casefold() if letter.isalnum())


def explained(practice: Practice, clause: str) -> Iterator[str]:
    """Give the lines that tell all there is to know of one clause."""
    policy, language = practice.policy, practice.file.language
    confirmed = _confirmed(practice)
    yield f"{clause} ({policy.name})"
    yield from _block(language, "explain_promise", [policy.clauses[clause].says.in_language(language)])
    readings = [one for one in policy.readings if clause in one.clauses]
    yield from _block(language, "explain_read", (_read(practice, one, confirmed.get(one.id)) for one in readings))
    yield from _block(
        language, "explain_rules", (_rule(one, policy, language) for one in keeping.keepers(policy, clause))
    )
    found = advice(policy, practice.file, {one.id for one in policy.readings})
    yield from _block(language, "explain_advice", (one.text for one in found if clause in one.clauses))
    stands = [keeping.told(policy, clause, language), *_last(practice, clause)]
    yield from _block(language, "explain_stands", [" ".join(stands)])


def _rule(rule: keeping.Keeper, policy: Policy, language: str) -> str:
    """Say a rule as the client reads it, and its name in the file."""
    return f"{sentence(rule, policy, language)} ({getattr(rule, 'id', None) or getattr(rule, 'purpose', '')})"


def _read(practice: Practice, reading: Reading, confirmed_at: str | None) -> str:
    """Say how a clause is read, whether that was confirmed, and what it does not mean."""
    language = practice.file.language
    chosen = f"{reading.id}: {reading.chosen.in_language(language)}"
    if confirmed_at:
        said = say(language, "explain_confirmed", chosen=chosen, date=_date(confirmed_at, practice))
    else:
        said = say(language, "explain_assumed", chosen=chosen, reading=reading.id)
    rejected = [one.in_language(language) for one in reading.rejected]
    return f"{said}; {say(language, 'explain_rejected', rejected='; '.join(rejected))}" if rejected else said


def _last(practice: Practice, clause: str) -> Iterator[str]:
    """Say how often the ledger has seen the clause kept, and when last; nothing for what does not run."""
    language = practice.file.language
    found = evidence.kept_so_far(practice)
    if clause in found and found[clause].times:
        yield from _done(practice, found[clause])
    elif keeping.standing(practice.policy, clause) in {keeping.Standing.KEPT, keeping.Standing.PARTLY}:
        yield say(language, "explain_never_ran")


def _done(practice: Practice, ran: Ran) -> Iterator[str]:
    language, date = practice.file.language, _date(ran.last, practice)
    yield say(language, "explain_ran_once" if ran.times == 1 else "explain_ran", times=ran.times, date=date)
    if ran.grade:
        yield say(language, "explain_proof", grade=say(language, GRADES[ran.grade]))


def _confirm(chosen: Namespace) -> int:
    with opened(chosen.practice) as practice:
        language = practice.file.language
        reading = _known_reading(practice.policy, chosen.reading, language)
        text, before = reading.chosen.in_language(language), _confirmed(practice).get(reading.id)
        if before:
            said = say(
                language, "policy_reading_already", reading=reading.id, date=_date(before, practice), chosen=text
            )
        else:
            _keep(practice, reading, utc_now())
            said = say(language, "policy_reading_confirmed", reading=reading.id, chosen=text)
    print("\n".join(_wrapped(said, "", "")))
    return 0


def _known_reading(policy: Policy, typed: str, language: str) -> Reading:
    known = {reading.id.casefold(): reading for reading in policy.readings}
    if not known:
        raise UsageError(say(language, "policy_no_readings"))
    if typed.strip().casefold() not in known:
        names = ", ".join(reading.id for reading in policy.readings)
        raise UsageError(say(language, "policy_no_reading", value=typed, known=names))
    return known[typed.strip().casefold()]


def _keep(practice: Practice, reading: Reading, now: datetime) -> None:
    """Keep the coach's word on a reading, bound to its text, and write it in the ledger."""
    sha256 = keeping.fingerprint(reading)
    with practice.database.transaction():
        practice.database.run("INSERT INTO confirmations VALUES (?, ?, ?)", reading.id, sha256, now.isoformat())
        ledger.record(
            practice.database, now, "reading.confirmed", policy=practice.policy.id, reading=reading.id, sha256=sha256
        )


def _confirmed(practice: Practice) -> dict[str, str]:
    rows = practice.database.rows("SELECT what, sha256, at FROM confirmations")
    return keeping.confirmed(practice.policy, ((row["what"], row["sha256"], row["at"]) for row in rows))


def _date(at: str, practice: Practice) -> str:
    moment = datetime.fromisoformat(at).astimezone(ZoneInfo(practice.file.timezone))
    return format_datetime(moment, "d MMMM yyyy HH:mm", locale=phrases.LOCALES[practice.file.language])


def _block(language: str, word: str, texts: Iterable[str]) -> Iterator[str]:
    """Give a heading and what stands under it, or nothing at all."""
    lines = [line for text in texts for line in _wrapped(phrases.capital(text), "  ", "    ")]
    if lines:
        yield from ("", say(language, word), *lines)


def _wrapped(text: str, first: str, then: str) -> list[str]:
    """Lay a text in lines as wide as the window; what is to be typed stays on one line."""
    whole = COMMAND.sub(lambda found: found[0].replace(" ", HARD_SPACE), text)
    lines = textwrap.wrap(
        whole, _width(), initial_indent=first, subsequent_indent=then, break_long_words=False, break_on_hyphens=False
    )
    return [line.replace(HARD_SPACE, " ") for line in lines]


def _width() -> int:
    return max(min(shutil.get_terminal_size().columns, WIDEST), NARROWEST)
