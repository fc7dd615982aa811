"""A dossier whose parts go at different times: after each of them everything else still works."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from pipeline import attention, overview
from pipeline.cli import main
from pipeline.edges import ledger
from pipeline.errors import UsageError
from pipeline.model import RequestState
from pipeline.practice import Practice
from pipeline.retention import closing, planning, receipts, timetable
from pipeline.worker import Worker, utc_now
from tests.retention import story
from tests.retention.story import CLIENT, SPONSOR, Story
from tests.world import COACH, client_file

CUSTOMER, MAIN = {"employer", "sponsor"}, {"client", "goal"}


def stages(practice: Practice) -> list[date]:
    """Give the days on which something goes."""
    return sorted({one.term.due for one in planning.endings(practice, date(2027, 1, 1)) if one.term.due})


def erase_what_is_due(practice: Practice, on: date) -> datetime:
    """Let the coach agree to what goes on a day; gives the moment after it."""
    moment = datetime.combine(on, time(11), UTC)
    for at in (moment - timedelta(days=14), moment, moment + timedelta(days=2)):
        timetable.keep_promises(practice, at, lambda _: None, asked=True)
    return moment + timedelta(days=3)


def writes_again(happened: Story, sender: str, subject: str) -> None:
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = sender, COACH, subject
    letter.set_content("Dag! Hoe gaat het?")
    happened.post(sender, letter)


@pytest.mark.timeout(300)
def test_after_each_part_everything_else_still_works(
    lived: Story, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in lived.world.environment().items():
        monkeypatch.setenv(name, value)
    reference = lived.reference
    with lived.world.opened() as practice:
        closing.close(practice, reference, utc_now())
        days = stages(practice)
    assert len(days) >= 4
    for number, day in enumerate(days):
        with lived.world.opened() as practice:
            now = erase_what_is_due(practice, day)
            held = {one.held.part for one in planning.endings(practice, now.date()) if one.held.dossier == reference}
        writes_again(lived, CLIENT if number % 2 else SPONSOR, f"Vraag over {reference}, kenmerk {number}")
        lived.world.drop(f"client: {{name: Iemand Anders, email: x{number}@y.example}}\ndossier: {reference}\n"
                         "programme: kort\n", f"{number}.yaml")  # fmt: skip
        with lived.world.opened() as practice:
            worker = Worker(practice, lambda now=now: now, lambda _: None)  # type: ignore[misc]
            worker.start()
            for _ in range(3):
                worker.one_pass()
            assert overview.everything(practice, now) is not None
            assert attention.waiting(practice) is not None
            assert not ledger.verify([tuple(row) for row in practice.database.rows("SELECT * FROM ledger")]), held
        assert main(["show", reference]) == (0 if held else UsageError.exit_code)
        assert main(["status"]) in {0, 1}
        assert main(["attention"]) in {0, 1}
        assert main(["ledger", "verify"]) == 0
    assert not [one for one in caplog.records if one.levelno >= logging.ERROR], caplog.text
    assert "Traceback" not in capsys.readouterr().err


def test_a_client_file_that_names_a_dossier_whose_person_was_erased_is_refused_with_what_to_do(lived: Story) -> None:
    with lived.world.opened() as practice:
        closing.close(practice, lived.reference, utc_now())
        (contact,) = [one.term.due for one in planning.endings(practice, date(2027, 1, 1)) if one.held.part == "client"]
        assert contact is not None
        erase_what_is_due(practice, contact)
    lived.world.drop(client_file(more=f"dossier: {lived.reference}\n"), "again.yaml")
    lived.world.work()
    note = lived.world.note("again.yaml")
    assert note is not None and lived.reference in note and "gewist" in note


def test_the_same_client_after_her_dossier_was_erased_gets_a_new_one(lived: Story) -> None:
    first = lived.reference
    with lived.world.opened() as practice:
        story.live_on(practice, [], datetime(2032, 6, 1, tzinfo=UTC))
    lived.world.drop(f"{story.client_text(lived.policy)}\n# second coaching\n", "again.yaml")
    lived.world.work()
    others = lived.world.rows("SELECT state FROM requests WHERE dossier <> ?", first)
    assert others == [(RequestState.COMPOSED,)]


# The receipt.


@pytest.fixture
def receipt(lived: Story) -> bytes:
    """The receipt of the dossier, when only the law still keeps something of it."""
    with lived.world.opened() as practice:
        story.live_on(practice, [], datetime(2033, 12, 1, tzinfo=UTC))
        return practice.storage.read(receipts.file(lived.reference))


def check(happened: Story, data: bytes) -> list[str]:
    with happened.world.opened() as practice:
        return receipts.disagreements(practice, data)


def test_a_receipt_says_what_went_by_which_rule_and_what_is_kept_until_when(lived: Story, receipt: bytes) -> None:
    said = json.loads(receipt)
    parts = {entry["entry"]["part"] for entry in said["entries"]}
    assert parts >= {"client", "employer", "sponsor", "goal", "quote", "signed_consent", "mail_in", "rest 2026-0001"}
    assert all(entry["entry"]["rules"] and entry["entry"]["clauses"] and entry["entry"]["due"]
               for entry in said["entries"])  # fmt: skip
    assert [(one["part"], one["until"]) for one in said["kept"]] == [("statutory 2026-0001", "2034-01-01")]
    assert check(lived, receipt) == []


def test_a_receipt_reveals_nobody_not_even_by_a_hash(lived: Story, receipt: bytes) -> None:
    typed = story.canaries(lived.policy)
    assert story.found_in(receipt, story.needles(typed)) == set()
    forms = {form for value in typed.values() for form in (value, value.lower(), value.casefold().strip())}
    for form in forms:
        for hashed in (hashlib.sha256, hashlib.sha1, hashlib.md5):
            assert hashed(form.encode()).hexdigest().encode() not in receipt


CHANGES: dict[str, Callable[[dict[str, Any]], object]] = {
    "another part": lambda said: said["entries"][0]["entry"].update(part="goal"),
    "another day": lambda said: said["entries"][0]["entry"].update(due="2099-01-01"),
    "another hash": lambda said: said["entries"][0].update(hash="0" * 64),
    "an entry that is not there": lambda said: said["entries"][0].update(number=999_999),
    "a number that is none here": lambda said: said["entries"][0].update(number=2**70),
    "a number that is a text": lambda said: said["entries"][0].update(number="1"),
    "an entry that is a text": lambda said: said["entries"][0].update(entry="x"),
    "a text among the entries": lambda said: said["entries"].append("x"),
    "somebody else's reference": lambda said: said.update(reference="AAAA-AAAA"),
}


def test_a_receipt_that_was_changed_is_found_out(lived: Story, receipt: bytes) -> None:
    for name, change in CHANGES.items():
        said = json.loads(receipt)
        change(said)
        assert check(lived, json.dumps(said).encode()), name


def test_what_is_no_receipt_of_ours_is_said_to_be_none(
    lived: Story, receipt: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in lived.world.environment().items():
        monkeypatch.setenv(name, value)
    file = tmp_path / "receipt.json"
    for data in (b"", b"[]", b"{}", b"\xff", b'{"form": "pipeline-receipt/1"}', b'{"form": "another", "entries": []}'):
        file.write_bytes(data)
        assert main(["retention", "check", str(file)]) == UsageError.exit_code, data
    file.write_bytes(receipt)
    assert main(["retention", "check", str(file)]) == 0
    file.write_bytes(receipt.replace(b'"due": "20', b'"due": "19'))
    assert main(["retention", "check", str(file)]) == 1
    assert "not in the ledger" in capsys.readouterr().out
