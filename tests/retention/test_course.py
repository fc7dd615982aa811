"""What came in the course of a coaching is held by its kind, goes with its kind, and no mail about it leaves after."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.model import HoldKind, Kind, MessageState, Party, message_file
from pipeline.policy.schema.base import Category
from pipeline.retention import course, drafts, forecast, holds
from pipeline.retention.holdings import PARTS
from pipeline.retention.mail import mailing
from pipeline.retention.numbered import NUMBERED
from pipeline.retention.versions import plan_of
from pipeline.words import say
from tests.policy.promises import POLICIES
from tests.policy.written import broken, read
from tests.retention.scene import START, Scene, on

COURSE_KINDS = [kind for kind in Kind if kind in course.BACK and kind not in {Kind.REPORT, Kind.INVOICE}]


def erase(dossier: Scene, part: str) -> list[str]:
    """Let one part go, as erasing does; gives the files that went."""
    files = PARTS[part].files(dossier.practice.database, dossier.practice.storage, dossier.reference)
    dossier.practice.storage.erase(files)
    for sql in PARTS[part].rows:
        dossier.run(sql, dossier.reference)
    return files


def there(dossier: Scene) -> set[str]:
    folder = dossier.practice.storage.path(f"dossiers/{dossier.reference}")
    return {path.name.removeprefix(f"{dossier.reference}-") for path in folder.iterdir()}


def states(dossier: Scene) -> dict[str, str]:
    rows = dossier.practice.database.rows("SELECT token, state FROM messages WHERE purpose <> 'documents'")
    return {row["token"]: row["state"] for row in rows}


@pytest.mark.parametrize("kind", COURSE_KINDS)
def test_each_kind_is_held_from_its_first_day_and_goes_with_all_its_versions(dossier: Scene, kind: Kind) -> None:
    before = there(dossier)
    dossier.document(kind, 1, on(12, 1))
    dossier.document(kind, 2, on(12, 9), about='{"where": "Dorpsstraat 1"}', dropped="hash")
    part = course.BACK[kind]
    assert dossier.held()[part].category is course.CATEGORIES[part]
    assert dossier.held()[part].life.came == date(2026, 12, 1)
    assert len(there(dossier) - before) == 2
    erase(dossier, part)
    assert part not in dossier.held() and there(dossier) == before
    row = dossier.practice.database.row("SELECT * FROM documents WHERE kind = ? AND version = 2", kind)
    assert row is not None
    assert (row["sha256"], row["about"], row["dropped"], row["source"]) == ("", "{}", None, None)


def test_each_part_has_a_name_to_the_coach_in_both_languages() -> None:
    for part in course.CATEGORIES:
        nl, en = (forecast.part_word(part, language) for language in ("nl", "en"))
        assert nl and en and nl != say("nl", "held_client")


@pytest.mark.parametrize("state", ["held", "queued", "refused"])
def test_no_mail_about_what_was_erased_leaves_and_nobody_is_asked_about_it_any_more(dossier: Scene, state: str) -> None:
    dossier.document(Kind.PROFILE, 1)
    token = dossier.course_mail(Kind.PROFILE, 1, state=state)
    dossier.run(
        "INSERT INTO attention (what, token, reasons, state, opened_at) VALUES ('addressee', ?, ?, 'open', '')",
        token, json.dumps([["other_name", {"name": "Kees"}]]),
    )  # fmt: skip
    gone = erase(dossier, "profile")
    assert message_file(token) in gone and states(dossier) == {token: "superseded"}
    asked = dossier.practice.database.row("SELECT * FROM attention")
    assert asked is not None and (asked["state"], asked["reasons"]) == ("settled", "[]")


@pytest.mark.parametrize(("state", "left"), [("settled", "[]"), ("open", '[["why", {}]]')])
def test_what_was_asked_about_a_dossier_tells_nothing_once_its_person_is_gone_and_it_is_answered(
    dossier: Scene, state: str, left: str
) -> None:
    dossier.asked("sharing", state, dossier=dossier.reference)
    dossier.run("UPDATE attention SET reasons = ?", '[["why", {}]]')
    erase(dossier, "client")
    assert dossier.practice.database.value("SELECT reasons FROM attention") == left


@pytest.mark.parametrize("state", [MessageState.ACCEPTED, MessageState.IN_DOUBT, MessageState.DATA_SENT])
def test_mail_that_left_or_may_have_is_let_alone_for_it_has_a_term_of_its_own(
    dossier: Scene, state: MessageState
) -> None:
    dossier.document(Kind.PROFILE, 1)
    token = dossier.course_mail(Kind.PROFILE, 1, state=state)
    assert message_file(token) not in erase(dossier, "profile") and states(dossier) == {token: state}


# Reports: the version that was approved, and drafts.


def report(dossier: Scene, version: int, *, sponsored: bool = True, approved: bool = False) -> None:
    """Have a version of a report written, mailed to the client, and perhaps approved."""
    dossier.document(Kind.REPORT, version, source=f"{dossier.reference}-4-v{version}-source.md", dropped="hash")
    source = f"dossiers/{dossier.reference}/{dossier.reference}-4-v{version}-source.md"
    dossier.practice.storage.write(source, b"what the coach wrote")
    dossier.course_mail(Kind.REPORT, version, state="accepted")
    if sponsored:
        dossier.document(Kind.APPROVAL, version)
        dossier.awaits(Kind.APPROVAL, version, "fulfilled" if approved else "awaited")


def reports_there(dossier: Scene) -> set[str]:
    return {name for name in there(dossier) if name.startswith("4-")}


@pytest.mark.clause("K-10")
def test_the_approved_version_is_the_report_and_others_and_what_they_were_made_from_are_drafts(dossier: Scene) -> None:
    report(dossier, 1)
    report(dossier, 2, approved=True)
    held = dossier.held()
    assert (held["report"].category, held["drafts"].category) == (Category.REPORT, Category.DRAFT)
    erase(dossier, "drafts")
    assert reports_there(dossier) == {"4-v2.pdf"} and "drafts" not in dossier.held()
    erase(dossier, "report")
    assert reports_there(dossier) == set() and "report" not in dossier.held()


def test_a_report_that_nobody_approved_is_a_draft(dossier: Scene) -> None:
    report(dossier, 1)
    assert "report" not in dossier.held() and dossier.held()["drafts"].category is Category.DRAFT
    dossier.run("UPDATE obligations SET state = 'declined' WHERE kind = 'approval'")
    assert "report" not in dossier.held()
    erase(dossier, "drafts")
    assert reports_there(dossier) == set()


def test_where_nobody_else_pays_the_newest_is_the_report(dossier: Scene) -> None:
    report(dossier, 1, sponsored=False)
    report(dossier, 2, sponsored=False)
    erase(dossier, "drafts")
    assert reports_there(dossier) == {"4-v2.pdf"}


def test_what_went_to_who_pays_stays_the_report_when_a_newer_version_is_being_written(dossier: Scene) -> None:
    report(dossier, 1, approved=True)
    dossier.course_mail(Kind.REPORT, 1, party=Party.SPONSOR, state="accepted")
    report(dossier, 2)
    erase(dossier, "drafts")
    assert reports_there(dossier) == {"4-v1.pdf"}


@given(rows=st.lists(st.tuples(st.sampled_from(COURSE_KINDS), st.booleans(), st.booleans()), max_size=6))
def test_what_is_named_is_what_is_there_and_its_day_is_that_of_the_first(rows: list[tuple[Kind, bool, bool]]) -> None:
    documents: list[dict[str, Any]] = [
        {"kind": kind, "at": f"2026-12-{at:02}", "there": there, "source": source, "kept": None}
        for at, (kind, there, source) in enumerate(rows, 1)
    ]
    found = course.first_days(documents, [])
    alive = [row for row in documents if row["there"] or row["source"]]
    assert set(found) == {course.BACK[row["kind"]] for row in alive}
    for part, day in found.items():
        assert day == min(row["at"] for row in alive if course.BACK[row["kind"]] == part)


# Drafts go once the approved version went (K-10).


@pytest.fixture
def kleur(dossier: Scene) -> Scene:
    """A coaching under the policy by which drafts go."""
    dossier.practice.policy = POLICIES["kleur"]
    return dossier


def entries(dossier: Scene, event: str) -> list[dict[str, Any]]:
    rows = dossier.practice.database.rows("SELECT entry FROM ledger ORDER BY number")
    return [entry for row in rows if (entry := json.loads(row["entry"]))["event"] == event]


def let_drafts_go(dossier: Scene) -> int:
    return drafts.go(dossier.practice, START, lambda _: None)


@pytest.mark.clause("K-10")
def test_drafts_go_as_soon_as_the_approved_version_went_to_the_sponsor_and_not_before(kleur: Scene) -> None:
    report(kleur, 1)
    report(kleur, 2, approved=True)
    token = kleur.course_mail(Kind.REPORT, 2, party=Party.SPONSOR)
    assert let_drafts_go(kleur) == 0 and len(reports_there(kleur)) == 4
    kleur.run("UPDATE messages SET state = 'accepted' WHERE token = ?", token)
    assert let_drafts_go(kleur) == 1 and reports_there(kleur) == {"4-v2.pdf"}
    (entry,) = entries(kleur, "drafts.erased")
    assert (entry["rules"], entry["clauses"], entry["grade"]) == ("kleur.report.release", "K-10", "observed_absent")
    assert let_drafts_go(kleur) == 0 and "report" in kleur.held()


@pytest.mark.clause("K-10")
def test_a_version_that_is_being_written_after_that_is_not_taken_from_under_her_hands(kleur: Scene) -> None:
    report(kleur, 1, approved=True)
    kleur.course_mail(Kind.REPORT, 1, party=Party.SPONSOR, state="accepted")
    report(kleur, 2)
    assert let_drafts_go(kleur) == 0 and "4-v2-source.md" in reports_there(kleur)


@pytest.mark.parametrize("name", ["ballance", "ken-jezelf", "refleact", "pluform"])
def test_where_no_gate_says_so_drafts_have_the_term_of_their_kind(dossier: Scene, name: str) -> None:
    dossier.practice.policy = POLICIES[name]
    report(dossier, 1, approved=True)
    dossier.course_mail(Kind.REPORT, 1, party=Party.SPONSOR, state="accepted")
    assert let_drafts_go(dossier) == 0
    assert dossier.endings()["drafts"].term.rules


def test_drafts_of_a_dossier_that_is_held_stay(kleur: Scene) -> None:
    report(kleur, 1, approved=True)
    kleur.course_mail(Kind.REPORT, 1, party=Party.SPONSOR, state="accepted")
    holds.place(kleur.practice, kleur.reference, HoldKind.HOLD, "a dispute", START)
    assert let_drafts_go(kleur) == 0 and len(reports_there(kleur)) == 2


def test_drafts_of_which_a_policy_does_not_speak_have_the_term_of_the_report(dossier: Scene, tmp_path: Path) -> None:
    dossier.practice.policy = read(broken(("mail_out, mail_in]", "mail_out, mail_in, report]")), tmp_path)
    dossier.told("closed", "2027-06-30")
    report(dossier, 1)
    (version,) = plan_of(dossier.practice).versions
    assert any(Category.DRAFT in rule.covers for rule in version.rules)
    assert str(dossier.endings()["drafts"].term.due) == "2032-06-30"


# Mail that carried it.


def due(dossier: Scene) -> dict[str, str]:
    mailing.schedule(dossier.practice, on(12, 31))
    return {row["token"]: row["rule"] for row in dossier.practice.database.rows("SELECT token, rule FROM purges")}


@pytest.mark.clause("K-08", "K-10")
def test_mail_with_a_profile_or_a_report_is_to_be_deleted_as_soon_as_it_was_accepted(kleur: Scene) -> None:
    for kind in (Kind.PROFILE, Kind.REPORT, Kind.APPOINTMENT):
        kleur.document(kind, 1)
    sent = [kleur.course_mail(kind, 1, state="accepted") for kind in (Kind.PROFILE, Kind.REPORT, Kind.APPOINTMENT)]
    to_sponsor = kleur.course_mail(Kind.REPORT, 1, party=Party.SPONSOR, state="accepted")
    assert due(kleur) == {
        sent[0]: "kleur.mail.profile", sent[1]: "kleur.mail.report", to_sponsor: "kleur.mail.report",
    }  # fmt: skip
    assert {row["at_once"] for row in kleur.practice.database.rows("SELECT at_once FROM purges")} == {1}


@pytest.mark.clause("J-6.2d")
@pytest.mark.parametrize("kind", [Kind.PROFILE, Kind.INVITATION, Kind.APPOINTMENT])
def test_mail_that_goes_with_its_contents_goes_when_they_were_erased(dossier: Scene, kind: Kind) -> None:
    dossier.practice.policy = POLICIES["ken-jezelf"]
    dossier.document(kind, 1)
    token = dossier.course_mail(kind, 1, state="accepted")
    assert due(dossier) == {}
    erase(dossier, course.BACK[kind])
    assert due(dossier) == {token: "ken-jezelf.mail.linked"}


ANSWERED = "mine.mail, clauses: [X-6], covers: [quote, consent], after: answered"


@pytest.fixture
def answered(dossier: Scene, tmp_path: Path) -> Scene:
    """A coaching under a policy by which mail goes once it is answered."""
    rule = ANSWERED.replace("quote, consent", "report, invoice, profile")
    dossier.practice.policy = read(broken((ANSWERED, rule)), tmp_path)
    return dossier


def test_a_report_is_answered_by_her_word_on_that_version_and_by_no_other(answered: Scene) -> None:
    for version in (1, 2):
        answered.document(Kind.REPORT, version)
        answered.course_mail(Kind.REPORT, version, f"v{version}", state="accepted")
        answered.awaits(Kind.APPROVAL, version)
    assert due(answered) == {}
    answered.run("UPDATE obligations SET state = 'fulfilled', settled_at = ? WHERE kind = 'approval' AND version = 2",
                 on(12, 1).isoformat())  # fmt: skip
    assert set(due(answered)) == {"v2"}


def test_what_asks_nothing_is_answered_by_being_accepted_and_an_invoice_by_being_paid(answered: Scene) -> None:
    answered.document(Kind.PROFILE, 1)
    answered.document(Kind.INVOICE, 1)
    answered.course_mail(Kind.PROFILE, 1, "profile", state="accepted")
    answered.course_mail(Kind.INVOICE, 1, "invoice", state="accepted")
    answered.invoice("2026-0001", "2026-11-02")
    answered.run("UPDATE invoices SET version = 1")
    assert set(due(answered)) == {"profile"}
    answered.run("UPDATE invoices SET paid_on = '2026-11-20'")
    assert set(due(answered)) == {"profile", "invoice"}


# Invoices.


def invoiced(dossier: Scene, rest: str | None) -> None:
    pdf = dossier.document(Kind.INVOICE, 1)
    dossier.invoice("2026-0001", "2026-11-02", rest=rest)
    books = f"dossiers/{dossier.reference}/{dossier.reference}-5-v1-source.xml"
    dossier.practice.storage.write(books, b"<Invoice/>")
    dossier.run("UPDATE invoices SET version = 1, file = ?, books = ?", pdf, books)


def erase_invoice(dossier: Scene, half: str) -> set[str]:
    files = NUMBERED[half].files(dossier.practice.database, dossier.practice.storage, "2026-0001")
    dossier.practice.storage.erase(files)
    for sql in NUMBERED[half].rows:
        dossier.run(sql, "2026-0001")
    return {name for name in there(dossier) if name.startswith("5-")}


def test_an_invoice_with_nothing_but_what_the_law_names_stays_whole_to_the_end(dossier: Scene) -> None:
    invoiced(dossier, None)
    assert [part for part in dossier.held() if "2026-0001" in part] == ["statutory 2026-0001"]
    assert erase_invoice(dossier, "rest") == {"5-v1.pdf", "5-v1-source.xml"}
    assert dossier.practice.database.value("SELECT sha256 FROM documents WHERE kind = 'invoice'")
    assert erase_invoice(dossier, "statutory") == set()


def test_of_one_that_shows_more_the_pdf_goes_on_time_and_what_is_for_the_books_stays(dossier: Scene) -> None:
    invoiced(dossier, '{"goal": "rust"}')
    reminder = dossier.course_mail(Kind.INVOICE, 1)
    assert {part for part in dossier.held() if "2026-0001" in part} == {"statutory 2026-0001", "rest 2026-0001"}
    assert erase_invoice(dossier, "rest") == {"5-v1-source.xml"}
    assert states(dossier) == {reminder: "superseded"}
    assert dossier.practice.database.value("SELECT sha256 FROM documents WHERE kind = 'invoice'") == ""
    assert [part for part in dossier.held() if "2026-0001" in part] == ["statutory 2026-0001"]
    assert erase_invoice(dossier, "statutory") == set()
