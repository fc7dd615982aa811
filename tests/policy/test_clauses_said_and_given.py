"""Each promise about what is said and where it comes from: one file says and does, and data have two ways in."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import pipeline
from pipeline import newpractice
from pipeline.config.practice import read_practice_file
from pipeline.policy import phrases
from pipeline.policy.period import Period
from pipeline.policy.plan import Held, Plan, Version
from pipeline.policy.policy import Policy, retention_rules
from pipeline.policy.schema.base import Category
from pipeline.policy.schema.retention import Event
from pipeline.policy.sentences import term
from pipeline.policy.statement import statement_values
from pipeline.policy.terms import Life
from tests.policy.promises import policy_of

PACKAGE = Path(pipeline.__file__).parent
FILE = read_practice_file(newpractice.shipped())
ENDED = date(2027, 6, 30)
LIFE = Life(date(2026, 11, 2), engaged=True, events={Event.AGREEMENT_ENDED: ENDED})


def section(policy: Policy, name: str) -> dict[str, tuple[str, ...]]:
    """Give what the published statement says in one section: by rule, the texts of its row or its sentence."""
    values = statement_values(policy, FILE, "en", date(2026, 11, 2))
    (found,) = [one for one in values["sections"] if one["id"] == name]
    rows = {row["rule"]: tuple(cell["text"] for cell in row["cells"]) for row in found["rows"]}
    return rows | {line["rule"]: (line["text"],) for line in found["items"]}


@pytest.mark.clause("J-1b")
def test_she_reads_what_is_kept_how_long_what_for_and_her_rights_and_all_of_it_is_a_rule() -> None:
    policy = policy_of("J-1b")
    terms = {rule.id: phrases.capital(term(rule, "en")) for rule in retention_rules(policy)}
    assert {name: texts[1] for name, texts in section(policy, "kept").items()} == terms
    asked = {rule.id: phrases.capital(phrases.purpose(rule.category, "en")) for rule in policy.fields}
    assert {name: texts[2] for name, texts in section(policy, "data").items()} == asked
    assert set(section(policy, "rights")) == {rule.id for rule in policy.requests}
    assert min(map(len, (terms, asked, policy.requests))) >= 5


@pytest.mark.clause("J-1b")
@given(years=st.integers(1, 99))
def test_a_term_that_is_changed_is_said_and_kept_alike(years: int) -> None:
    policy = policy_of("J-1b")
    rules = [
        rule.model_copy(update={"promise": Period(years=years)}) if rule.id == "ken-jezelf.mail" else rule
        for rule in policy.retention
    ]
    changed = policy.model_copy(update={"retention": rules})
    plan = Plan([Version(date.min, tuple(retention_rules(changed)))])
    due = plan.term(Held("K7Q4-MX2P", Category.MAIL_OUT, "mail_out", LIFE)).due
    said = section(changed, "kept")["ken-jezelf.mail"][1]
    assert due == date(2027 + years, 6, 30)
    assert re.findall(r"until (\d+ years?) after", said.lower()) == [phrases.period(Period(years=years), "en")]


@cache
def sources() -> dict[str, str]:
    """Give the program's own text, by file."""
    return {path.relative_to(PACKAGE).as_posix(): path.read_text("utf-8") for path in sorted(PACKAGE.rglob("*.py"))}


def imported(text: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (node.module, *(f"{node.module}.{name.name}" for name in node.names))


WAYS_IN = {
    "requests": "outgoing/opening/intake.py", "mails": "incoming/arrivals.py", "returns": "incoming/understand.py",
    "consents": "incoming/consents.py",
}  # fmt: skip
"""What holds data of a person that came from outside, and the one step that writes it: from a file, or from a mail."""


@pytest.mark.clause("J-2b", "R-Re.1", "P-1.2.4")
@pytest.mark.parametrize("table", WAYS_IN)
def test_what_is_known_of_a_person_comes_in_by_the_coachs_file_or_by_mail_alone(table: str) -> None:
    written = re.compile(rf"\bINTO {table}\b")
    assert [name for name, text in sources().items() if written.search(text)] == [WAYS_IN[table]]


@pytest.mark.clause("J-2b", "R-Re.1", "P-1.2.4")
def test_what_the_coachs_file_says_of_a_person_is_never_added_to() -> None:
    updates = re.findall(r"UPDATE requests SET [^\"]*?\bfacts = (\w+)", "".join(sources().values()))
    assert len(updates) >= 2 and set(updates) == {"json_remove"}


ASKING = {"http", "urllib", "ftplib", "requests", "httpx", "aiohttp", "urllib3", "dns", "telnetlib", "xmlrpc"}
HARMLESS = ("urllib.parse",)
"""Taking an address apart; that opens nothing."""
LINES = {"smtplib", "imaplib", "imapclient"}


@pytest.mark.clause("J-2b", "R-Re.1")
def test_nothing_is_looked_up_anywhere_and_only_the_practices_own_mail_account_is_spoken_to() -> None:
    """The demo has a mail server and people of its own, on this computer."""
    by_file = {
        name: {one.split(".")[0] for one in imported(text) if not one.startswith(HARMLESS)}
        for name, text in sources().items()
    }
    assert [name for name, found in by_file.items() if found & ASKING] == []
    lines = {name for name, found in by_file.items() if found & LINES}
    assert {name for name in lines if not name.startswith(("edges/mailbox/", "demo"))} == {"edges/smtp.py"}
    assert len(lines) > 4
