"""`pipeline clauses`: the table that this product exists for, on a screen, as a page and on paper."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime
from pathlib import Path

import pypdfium2
import pytest

from pipeline import attestations
from pipeline.edges.ledger import record
from pipeline.worker import utc_now
from tests.cli.commands import Typing

LATE = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)  # in Utrecht it is 22 November by then


def kept(typed: Typing, event: str = "erasure.verified", **facts: str) -> None:
    with typed.world.opened() as practice, practice.database.transaction():
        record(practice.database, LATE, event, **facts)


def row(out: str, clause: str) -> str:
    """Give the row of a clause, its columns from top to bottom as one text."""
    lines = out.splitlines()
    start = next(at for at, line in enumerate(lines) if line.startswith(f"{clause} "))
    end = next(at for at in range(start + 1, len(lines) + 1) if at == len(lines) or not lines[at].startswith(" "))
    return re.sub(r"\s+", " ", " ".join(lines[start:end]))


def test_every_promise_has_a_row_and_the_last_line_counts_them(typed: Typing) -> None:
    shown = typed("clauses")
    assert shown.code == 0
    first = [line.split(" ")[0] for line in shown.out.splitlines() if line.startswith("K-")]
    assert len(first) == 24 and first[0] == "K-00" and first[-1] == "K-21"
    assert "24 beloften: 13 nagekomen, 4 niet verklaard, 2 deels nagekomen, 5 nog niet nagekomen." in shown.out
    assert "Op 22 nov 2026" in shown.out or f"{utc_now().year}" in shown.out


def test_a_clause_shows_its_rules_how_often_it_was_kept_when_last_and_the_grade(typed: Typing) -> None:
    assert "nog niet voorgekomen" in row(typed("clauses").out, "K-12")
    kept(typed, rules="kleur.general", clauses="K-12", grade="commanded")
    kept(typed, rules="kleur.general", clauses="K-12", grade="unrecoverable_inside")
    text = row(typed("clauses").out, "K-12")
    for part in ("consents.keep_in_touch", "general", "2 x, laatst", "22 nov 2026", "hier niet meer terug"):
        assert part in text
    assert "opgedragen" not in text


def test_what_is_not_kept_says_so_and_why(typed: Typing) -> None:
    out = typed("clauses").out
    assert "nog niet nagekomen" in row(out, "K-14") and "komt nog: verzoeken" in row(out, "K-14")
    assert "deels nagekomen" in row(out, "K-05")
    assert "niet verklaard" in row(out, "K-17")
    assert "er is geen weg voor" in row(out, "K-11c")
    kept(typed, "mail.not_deleted", rules="kleur.general", clauses="K-12")
    out = typed("clauses").out
    assert "niet nagekomen" in row(out, "K-12") and "niet gelukt: 1 x" in row(out, "K-12")
    assert "1 niet nagekomen" in out


def test_what_was_stated_shows_until_when(typed: Typing) -> None:
    with typed.world.opened() as practice, practice.database.transaction():
        one = next(one for one in attestations.statements(practice.policy) if one.rule == "kleur.attest.cookies")
        attestations.attest(practice, one, now := utc_now())
        day = practice.today(now).day
    out = typed("clauses").out
    assert f"verklaard tot {day} " in row(out, "K-17") and "1 verklaard, 3 niet verklaard" in out


def test_open_leaves_out_what_is_kept_and_all_adds_what_only_means_something(typed: Typing) -> None:
    typed.world.change("^policy: kleur", "policy: pluform")
    usual, everything, open_ = (typed("clauses", *more).out for more in ([], ["--all"], ["--open"]))
    rows = [sum(line.startswith("P-") for line in out.splitlines()) for out in (open_, usual, everything)]
    assert rows[0] < rows[1] < rows[2] == 50
    assert "pipeline clauses --all" in usual and "pipeline clauses --all" not in everything
    assert "P-1.2.6.7 " not in open_ and "P-1.1.9 " in open_
    assert typed("clauses", "--all", "--open").code == 2


def test_what_cannot_be_kept_gives_the_reason_of_the_policy(typed: Typing) -> None:
    typed.world.change("^policy: kleur", "policy: pluform")
    typed.world.change("^language: nl", "language: en")
    with typed.world.opened() as practice:
        clauses = practice.policy.clauses
        cannot = next(clause for clause, entry in clauses.items() if str(entry.unruled) == "cannot")
        reason = clauses[cannot].because
    assert reason is not None
    text = row(typed("clauses").out, cannot)
    assert "cannot be so" in text and reason.en.split()[0].casefold() in text.casefold()


@pytest.mark.parametrize("policy", ["ballance", "ken-jezelf", "kleur", "pluform", "refleact"])
@pytest.mark.parametrize("width", [80, 100])
def test_no_line_is_wider_than_the_screen_and_no_word_is_lost(typed: Typing, policy: str, width: int) -> None:
    from pipeline.cli.clauses import _table
    from pipeline.evidence import proofs

    typed.world.change("^policy: kleur", f"policy: {policy}")
    with typed.world.opened() as practice:
        found = proofs(practice, utc_now())
        for language in ("nl", "en"):
            lines = list(_table(found, language, width))
            assert max(map(len, lines)) <= width
    text = re.sub(r"\s+", "", "".join(lines))
    assert all(rule.replace(" ", "")[:12] in text for one in found if not one.because for rule in one.rules)


def test_the_page_needs_no_other_file_and_holds_every_row(typed: Typing, tmp_path: Path) -> None:
    page = tmp_path / "clauses.html"
    made = typed("clauses", "--html", str(page))
    html = page.read_text("utf-8")
    assert (made.code, made.out) == (0, f"{page}\n")
    assert html.count("<tr") == 25 and "Wat Praktijk De Linde belooft" in html
    assert not re.search(r"(?:src|href)=|url\(|@import|asset:", html)
    assert "24 beloften" in html and "&lt;" not in html


def test_the_same_goes_to_paper(typed: Typing, tmp_path: Path) -> None:
    file = tmp_path / "clauses.pdf"
    assert typed("clauses", "--pdf", str(file), "--html", str(tmp_path / "c.html")).code == 0
    pdf = pypdfium2.PdfDocument(io.BytesIO(file.read_bytes()))
    text = "".join(page.get_textpage().get_text_bounded() for page in pdf)
    assert "K-00" in text and "K-21" in text and "24 beloften" in text and (tmp_path / "c.html").exists()


def test_a_place_that_cannot_be_written_is_said(typed: Typing, tmp_path: Path) -> None:
    refused = typed("clauses", "--html", str(tmp_path / "nowhere" / "c.html"))
    assert refused.code == 64 and "cannot be written" in refused.said


def test_looking_changes_nothing(typed: Typing) -> None:
    kept(typed, rules="kleur.general", clauses="K-12")
    before = typed.world.rows("SELECT count(*), max(hash) FROM ledger"), typed.world.rows("SELECT * FROM attention")
    typed("clauses")
    assert before == (
        typed.world.rows("SELECT count(*), max(hash) FROM ledger"), typed.world.rows("SELECT * FROM attention"),
    )  # fmt: skip
