"""Her word on the report by mail: it opens the gate beyond doubt only, and shuts it at once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import approvals, attention
from pipeline.demo import people
from pipeline.errors import UsageError
from pipeline.model import Kind, MessageState, Party, Purpose, message_file
from pipeline.outgoing.course import sharing
from pipeline.outgoing.opening import compose, documents, intake
from pipeline.outgoing.sending import outbox
from pipeline.subjects import subject
from pipeline.worker import utc_now
from tests.incoming.asked import Desk, desk, more_templates
from tests.incoming.road import Road
from tests.world import CLIENT, SPONSOR, client_file

YES, NO, CHANGES, UNCLEAR = "Ja, akkoord.", "Nee, liever niet.", "Kunt u de datum nog aanpassen?", "Mooi verslag!"
PARTNER = "partner@elsewhere.example"


@pytest.fixture
def her(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Iterator[Desk]:
    """A client who has her report and is asked whether it may go on."""
    with desk(tmp_path_factory.getbasetemp(), tmp_path) as made:
        yield made


def second_client(her: Desk, email: str, name: str = "Karin Smit", *, sponsor: str | None = None) -> str:
    """Let another dossier be opened; gives its reference."""
    file = her.practice.folder / "drop" / "clients" / "smit.yaml"
    file.write_text(client_file(name, email, sponsor=sponsor))
    os.utime(file, (1_700_000_000, 1_700_000_000))
    for step in (intake.take_in, documents.write, compose.compose):
        step(her.practice, her.later(), her.told.append)
    her.send()
    return str(her.practice.database.value("SELECT reference FROM dossiers WHERE reference <> ?", her.dossier))


def refused(her: Desk, *reasons: str) -> None:
    """Say that nothing was approved, and that the coach is asked, for these reasons."""
    assert not her.stands() and not any(given for given, *_ in her.words()) and her.waits() == ["approval"]
    assert all(reason in her.why() for reason in reasons), her.why()


def test_a_yes_from_her_address_to_our_mail_lets_exactly_those_bytes_go_to_whom_she_was_told(her: Desk) -> None:
    number = her.says(YES)
    assert her.stands() and her.waits() == [] and her.words() == [(1, SPONSOR, f"reply {number}")]
    seals = her.practice.database.rows("SELECT DISTINCT document FROM approvals")
    assert [seal for (seal,) in seals] == [her.sealed(1)]
    assert her.awaited() == [("approval", 1, "fulfilled", "reply")]
    assert her.practice.database.value("SELECT state FROM mails WHERE number = ?", number) == "filed"


def test_over_real_servers_her_yes_brings_the_sponsor_the_very_report_that_she_received(sponsored: Road) -> None:
    more_templates(sponsored.world)
    sponsored.world.change("^  sent_copy: none", "  sent_copy: none\n  provider: localhost")
    with sponsored.world.opened() as practice:
        Desk(practice, sponsored.reference, utc_now() - timedelta(hours=2), over_a_line=True).report()
    name, hers = next((name, data) for name, data in attached(sponsored, CLIENT).items() if "-4-v1" in name)
    sponsored.post(sponsored.answer(CLIENT, YES), sender=CLIENT)
    sponsored.work()
    assert attached(sponsored, SPONSOR) == {name: hers}
    assert sponsored.waits() == []


def attached(road: Road, address: str) -> dict[str, bytes]:
    """Give the files of the newest mail that somebody received."""
    return people.attachments(road.received(address))


def test_what_she_approved_leaves_for_the_sponsor_and_her_later_no_tells_the_coach_that_it_has_left(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    with desk(tmp_path_factory.getbasetemp(), tmp_path, line=True) as her:
        her.says(YES)
        assert sharing.share(her.practice, her.later(), her.told.append) == 1
        her.send()
        assert her.server and [mail.recipients for mail in her.server.accepted] == [(SPONSOR,)]
        her.says(UNCLEAR)
        assert her.waits() == [] and her.stands()
        her.says("Nee, toch liever niet.")
        assert her.waits() == ["not_approved"] and "has left already" in her.why() and not her.stands()


def test_a_no_after_a_yes_stops_what_has_not_left(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> None:
    with desk(tmp_path_factory.getbasetemp(), tmp_path, line=True) as her:
        her.says(YES)
        sharing.share(her.practice, her.later(), her.told.append)
        her.says(NO)
        her.send()
        states = her.practice.database.rows("SELECT state FROM messages WHERE party = 'sponsor' AND purpose = 'report'")
        assert [state for (state,) in states] == [MessageState.REFUSED]
        assert her.server and her.server.accepted == []


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"From": PARTNER}, "came from partner@elsewhere.example"),
        ({"vouched": False}, "does not vouch"),
        ({"In_Reply_To": ""}, "no direct answer"),
        ({"In_Reply_To": "<somebody@elsewhere.example>"}, "no direct answer"),
    ],
    ids=["from another address", "not vouched for", "no In-Reply-To, only References", "answers another mail"],
)
def test_a_yes_of_which_the_sender_or_the_token_is_in_doubt_is_only_shown(
    her: Desk, headers: dict[str, str | bool], reason: str
) -> None:
    ours = subject(her.practice.file.practice.name, her.dossier, Purpose.REPORT, "en")
    her.says(YES, **({"Subject": f"Re: {ours}"} | headers))
    refused(her, reason)


def test_a_yes_that_answers_nothing_is_shown_while_her_word_is_awaited(her: Desk) -> None:
    her.says(YES, In_Reply_To="", References="", Subject="het verslag")
    refused(her, "no direct answer", "seems to say yes")


def test_what_she_writes_about_other_things_is_no_word_on_the_report(her: Desk) -> None:
    her.says("Kan de afspraak naar dinsdag?", In_Reply_To="", References="", Subject="afspraak")
    her.says(NO, to=her.ours(Purpose.DOCUMENTS, 0))
    assert her.words() == [] and "not_approved" not in her.waits() and "approval" not in her.waits()


def test_somebody_else_with_her_address_puts_her_yes_in_doubt(her: Desk) -> None:
    second_client(her, CLIENT)
    her.says(YES)
    refused(her, "somebody else uses")


def test_a_second_coaching_of_herself_does_not(her: Desk) -> None:
    key = her.practice.database.value("SELECT client_key FROM dossiers")
    second = second_client(her, CLIENT)
    her.practice.database.run("UPDATE dossiers SET client_key = ? WHERE reference = ?", key, second)
    her.says(YES)
    assert her.stands() and her.waits() == []


def test_a_sponsor_with_her_address_puts_her_yes_in_doubt(her: Desk) -> None:
    second_client(her, "karin@home.example", sponsor=CLIENT)
    her.says(YES)
    refused(her, "somebody else uses")


def test_a_yes_that_answers_mails_of_two_dossiers_is_only_shown(her: Desk) -> None:
    other = second_client(her, "karin@home.example")
    theirs = her.practice.database.value("SELECT message_id FROM messages WHERE dossier = ?", other)
    her.says(YES, In_Reply_To=f"{her.ours()} {theirs}")
    her.says(YES, References=f"{theirs} {her.ours()}")
    assert not her.stands() and her.words() == [] and her.waits().count("approval") == 2
    assert "more than one dossier" in her.why()


def test_a_yes_that_she_passes_on_or_writes_in_the_subject_is_only_shown(her: Desk) -> None:
    her.says("Zie hieronder.\n\n> Ja, akkoord.\n")
    her.says(YES, Subject="Fwd: your report")
    her.says("", Subject="JA")
    assert not her.stands() and not any(given for given, *_ in her.words()) and her.waits() == ["approval"] * 3


def test_a_yes_with_a_paper_or_a_request_beside_it_is_only_shown(her: Desk) -> None:
    made = her.answer(YES)
    made.add_attachment(b"%PDF-1.4\n" + b"%" * 30_000, maintype="application", subtype="pdf", filename="a.pdf")
    her.post(made)
    assert not her.stands() and sorted(her.waits()) == ["approval", "papers"]


def test_the_coach_reads_what_is_not_clear_and_says_that_it_is_a_yes(her: Desk) -> None:
    number = her.says(UNCLEAR)
    refused(her, "not sure")
    shown = attention.files(her.practice, her.waiting()[0].number)
    assert [path.suffix for path in shown] == [".eml"]
    assert "goes on to who pays" in her.accept()
    assert her.stands() and her.words() == [(1, SPONSOR, "coach")] and her.waits() == []
    assert her.practice.database.value("SELECT state FROM mails WHERE number = ?", number) == "filed"


def test_the_coach_says_that_it_is_no_yes(her: Desk) -> None:
    her.says(UNCLEAR)
    assert "does not approve" in her.reject()
    assert not her.stands() and her.awaited()[0][2] == "declined"


def test_what_the_coach_takes_as_a_yes_was_said_when_it_came_so_a_later_no_outweighs_it(her: Desk) -> None:
    her.says(UNCLEAR)
    her.says(NO)
    assert "something else after it" in her.accept()
    assert not her.stands()


def test_the_coach_lets_a_reminder_go_when_the_answer_says_nothing(her: Desk) -> None:
    her.says(UNCLEAR)
    attention.ask_again(her.practice, her.waiting()[0].number, her.later())
    assert her.awaited() == [("approval", 1, "awaited", "again")] and her.waits() == []


def test_a_no_counts_at_once_and_the_coach_is_told(her: Desk) -> None:
    her.says(NO)
    assert her.waits() == ["not_approved"] and her.awaited() == [("approval", 1, "declined", "reply")]
    assert not her.stands() and [given for given, *_ in her.words()] == [0]


def test_a_no_counts_whoever_seems_to_send_it(her: Desk) -> None:
    her.says(YES)
    her.says(NO, From=PARTNER, vouched=False)
    assert not her.stands() and her.waits() == ["not_approved"] and "partner@elsewhere.example" in her.why()


def test_the_coach_strikes_what_was_no_no_and_her_yes_holds_again(her: Desk) -> None:
    her.says(YES)
    her.says(NO, From=PARTNER, vouched=False)
    her.reject()
    assert her.stands() and her.awaited() == [("approval", 1, "fulfilled", "reply")]


def test_a_yes_after_a_no_is_hers_to_say_and_the_coach_s_to_read(her: Desk) -> None:
    her.says(NO)
    her.says(YES)
    assert not her.stands() and her.waits() == ["not_approved", "approval"] and "before this she said" in her.why()
    attention.accept(her.practice, her.waiting()[1].number, her.later())
    assert her.stands()


def test_a_wish_for_changes_makes_an_earlier_yes_void_and_the_next_version_is_asked_anew(her: Desk) -> None:
    her.says(YES)
    her.says(CHANGES)
    assert not her.stands() and her.waits() == ["changes"] and "drop/reports" in her.why()
    assert her.awaited() == [("approval", 1, "awaited", "changes")]
    assert her.report() == 2
    assert [row[1:3] for row in her.awaited()] == [(1, "superseded"), (2, "awaited")]
    her.says(YES, to=her.ours(number=2))
    assert her.stands()


def test_an_unclear_word_after_a_yes_holds_it_back_until_the_coach_has_read_it(her: Desk) -> None:
    her.says(YES)
    her.says("Wacht nog even.")
    assert not her.stands() and her.waits() == ["approval"]
    her.accept()
    assert her.stands()


def test_a_word_that_was_read_late_does_not_undo_what_she_said_after_it(her: Desk) -> None:
    early = her.later()
    her.says(YES)
    her.post(her.answer(NO), at=early)
    assert her.stands() and her.waits() == ["not_approved"] and "before a yes of hers" in her.why()
    assert her.awaited()[0][2] == "fulfilled"


def test_an_answer_to_an_older_version_approves_nothing(her: Desk) -> None:
    her.report()
    her.says(YES)
    refused(her, "version 2 took its place")
    with pytest.raises(UsageError, match="version 1"):
        her.accept()
    assert her.reject() == "settled" and her.words() == []


def test_a_no_to_an_older_version_still_shuts_the_gate_that_stands_open(her: Desk) -> None:
    her.report()
    her.says(YES, to=her.ours(number=2))
    her.says(NO)
    assert not her.stands() and her.waits() == ["not_approved"]


def test_a_yes_to_the_older_one_leaves_her_yes_to_the_newer_as_it_is(her: Desk) -> None:
    her.report()
    her.says(YES, to=her.ours(number=2))
    her.says(YES)
    assert her.stands() and her.waits() == ["approval"]


def test_a_yes_to_the_reminder_is_about_the_report_that_it_reminds_of(her: Desk) -> None:
    her.remind()
    reminder = her.ours(Purpose.REMINDER)
    her.says(YES, to=reminder)
    assert her.stands()
    her.report()
    her.says(YES, to=reminder)
    assert not her.stands() and her.waits() == ["approval"] and "version 2 took its place" in her.why()


def test_what_a_program_answers_never_counts_and_stops_the_reminders(her: Desk) -> None:
    her.says(YES, Auto_Submitted="auto-replied")
    assert her.words() == [] and her.waits() == [] and her.awaited() == [("approval", 1, "awaited", "absence")]


def test_what_the_sponsor_answers_to_the_report_is_ordinary_mail(her: Desk) -> None:
    her.says(YES)
    sharing.share(her.practice, her.later(), her.told.append)
    her.send()
    her.says(NO, to=her.ours(party=Party.SPONSOR), From=SPONSOR)
    assert her.stands() and "not_approved" not in her.waits()


def test_a_withdrawal_shuts_the_gate_and_the_coach_who_says_it_was_none_opens_it_again(her: Desk) -> None:
    her.says(YES)
    her.says("Hierbij trek ik mijn toestemming in.")
    assert not her.stands() and her.waits() == ["withdrawal"]
    her.reject()
    assert her.stands() and her.awaited()[0][2] == "fulfilled" and her.waits() == []


def test_a_withdrawal_before_she_answered_is_not_undone_by_a_later_plain_yes(her: Desk) -> None:
    her.says("Ik trek mijn toestemming in.", In_Reply_To="", References="", Subject="toestemming")
    her.says(YES)
    assert not her.stands() and her.waits() == ["withdrawal", "approval"]


def test_nothing_is_asked_of_a_word_on_a_report_that_can_go_to_nobody(her: Desk) -> None:
    her.practice.database.run("UPDATE requests SET facts = json_remove(facts, '$.sponsor')")
    her.says(YES)
    assert her.words() == [] and her.waits() == []


def test_while_the_mail_that_asked_her_is_in_doubt_her_yes_waits_for_the_coach(her: Desk) -> None:
    her.practice.database.run("UPDATE messages SET state = 'in_doubt' WHERE purpose = 'report'")
    her.says(YES)
    refused(her, "does not count as arrived")
    outbox.settle(her.practice, her.dossier, her.later(), arrived=True)
    her.accept()
    assert her.stands()


def test_assigning_a_mail_anew_strikes_what_was_read_in_it_before(her: Desk) -> None:
    other = second_client(her, "karin@home.example")
    her.says(NO)
    attention.assign(her.practice, her.waiting()[0].number, other, her.later())
    assert her.words() == [] and her.awaited()[0][2] == "awaited"


def test_a_rule_that_puts_her_mail_aside_leaves_her_yes_to_the_coach(her: Desk) -> None:
    her.says(YES, Subject="Verzoek om inzage")
    assert not her.stands() and "approval" in her.waits() and "more in the mail" in her.why()


def test_a_held_mail_is_shown_with_its_document_and_the_coach_lets_it_go_or_not(her: Desk) -> None:
    her.hold()
    one = her.waiting()[0]
    assert [path.suffix for path in attention.files(her.practice, one.number)] == [".pdf", ".pdf", ".eml"]
    with pytest.raises(UsageError, match="no paper"):
        attention.ask_again(her.practice, one.number, her.later())
    assert her.accept() == "the mail goes out"
    assert _states(her) == ["accepted", MessageState.QUEUED]


def test_a_held_mail_that_the_coach_rejects_never_goes(her: Desk) -> None:
    her.hold()
    her.reject()
    assert _states(her) == ["accepted", MessageState.SUPERSEDED] and her.waits() == []


def _states(her: Desk) -> list[object]:
    rows = her.practice.database.rows("SELECT state FROM messages WHERE purpose = 'report' ORDER BY round")
    return [state for (state,) in rows]


def test_her_word_is_about_nothing_once_the_report_is_erased(her: Desk) -> None:
    her.practice.database.run("UPDATE documents SET sha256 = '' WHERE kind = 'report'")
    her.says(YES)
    assert her.words() == [] and approvals.newest(her.practice, her.dossier, Kind.REPORT) is None


@dataclass(frozen=True)
class Said:
    """One reply: what it says, about the newest version or the one before, by whom, and how long ago it was sent."""

    answer: str
    newest: bool
    by: str
    hours: int

    @property
    def sure(self) -> bool:
        return self.answer == YES and self.by == "her"

    @property
    def counts(self) -> bool:
        return self.newest and (self.by == "her" or self.answer in {NO, CHANGES})


SAID = st.builds(
    Said, st.sampled_from([YES, YES, NO, CHANGES, UNCLEAR]), st.sampled_from([True, True, True, False]),
    st.sampled_from(["her", "her", "her", "unproven", "her partner"]), st.integers(0, 4),
)  # fmt: skip


def _reply(her: Desk, said: Said, version: int, at: datetime) -> None:
    sender = PARTNER if said.by == "her partner" else CLIENT
    ours = her.ours(number=version if said.newest else version - 1)
    her.post(her.answer(said.answer, to=ours, From=sender, vouched=said.by == "her"), at=at)


@pytest.mark.parametrize("runs", [8, pytest.param(40, marks=pytest.mark.long)])
def test_in_any_order_of_replies_the_gate_is_open_only_where_her_latest_word_on_the_newest_version_is_a_sure_yes(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, runs: int
) -> None:
    with desk(tmp_path_factory.getbasetemp(), tmp_path) as her:

        @settings(max_examples=runs)
        @given(st.lists(SAID, min_size=1, max_size=5))
        def in_any_order(replies: list[Said]) -> None:
            version, words = her.report(), list[tuple[datetime, bool]]()
            for number, said in enumerate(replies):
                at = her.later() - timedelta(hours=said.hours, seconds=number)
                _reply(her, said, version, at)
                words += [(at, said.sure)] if said.counts else []
                assert not her.stands() or max(words)[1], replies
            if all(said.sure and said.newest for said in replies):
                assert her.stands(), replies

        in_any_order()


def test_a_yes_that_quotes_our_mail_counts_when_that_mail_has_been_deleted_as_promised(her: Desk) -> None:
    token = her.practice.database.value("SELECT token FROM messages WHERE purpose = 'report'")
    text = her.practice.database.value("SELECT question FROM obligations WHERE kind = 'approval'")
    her.practice.storage.remove(message_file(token))
    quoted = "\n".join(f"> {line}" for line in text.splitlines())
    her.says(f"{YES}\n\nOn Mon, 2 Nov 2026 at 10:00, Praktijk De Linde wrote:\n\n{quoted}\n")
    assert her.stands() and her.waits() == []


def test_while_it_is_in_doubt_whether_the_report_left_her_last_word_decides_whether_it_goes_again(her: Desk) -> None:
    her.says(YES)
    sharing.share(her.practice, her.later(), her.told.append)
    her.practice.database.run("UPDATE messages SET state = 'in_doubt' WHERE party = 'sponsor' AND purpose = 'report'")
    her.says(NO)
    her.says(YES)
    assert not her.stands() and "approval" in her.waits()
    (asked,) = (one for one in her.waiting() if one.what == "approval")
    attention.accept(her.practice, asked.number, her.later())
    assert her.stands()
