"""What has not come back is asked for again, kindly and seldom: on the practice's calendar, never after any answer."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.errors import PrintFailed
from pipeline.model import Kind
from pipeline.outgoing.opening import compose, documents, intake, reminders
from pipeline.outgoing.sending import outbox
from pipeline.practice import Practice
from tests.faults.script import Stage
from tests.faults.scripted import ScriptedSmtp
from tests.outgoing.back import Paper, letters, road_out, take_back
from tests.outgoing.prepared import Order, Shelf, after, at, by_hand, fates, plain
from tests.outgoing.test_gates import NEWER, Interrupted, accept_newer
from tests.world import CLIENT, SPONSOR, World

BOTH = "quote,consent"
AMSTERDAM_MIDNIGHT = datetime(2026, 12, 2, 23, 0, tzinfo=UTC)  # the end of the last day of a quote of 2 November


@pytest.fixture
def asked(queued: World, server: ScriptedSmtp) -> World:
    """Give a practice whose one client received the quote and the consent declaration on 2 November, at ten."""
    queued.work(after())
    return with_reminders(queued)


def with_reminders(world: World) -> World:
    """Let a prepared practice send reminders, as a new one does."""
    world.change("^  at_most: 0", "  at_most: 2")
    return world


@pytest.fixture(scope="session")
def waiting(shelf: Shelf, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the storage of that practice a week later, its reminder composed and waiting; made once a run."""
    with ScriptedSmtp(tls="none") as server:
        world = shelf.world(tmp_path_factory.mktemp("waiting"), smtp=plain(server))
        world.work(after())
        with with_reminders(world).opened() as practice:
            assert reminders.remind(practice, after(days=7)(), lambda _: None) == 1
    return world.folder / "storage"


@pytest.fixture
def due(waiting: Path, tmp_path: Path, server: ScriptedSmtp) -> World:
    """Give a practice with a reminder that waits, which sends through `server`."""
    world = World(tmp_path, smtp=plain(server))
    world.small_templates()
    shutil.copytree(waiting, world.folder / "storage", dirs_exist_ok=True)
    return world


@pytest.fixture
def both_asked(shelf: Shelf, tmp_path: Path, server: ScriptedSmtp) -> World:
    """Give a practice with a sponsor who received the quote, and a client who received the consent declaration."""
    world = shelf.world(tmp_path, smtp=plain(server), order=Order(sponsored=True))
    world.work(after())
    return with_reminders(world)


def days_of_reminders(world: World, until: int = 60, step: float = 1) -> dict[str, list[float]]:
    """Let the program work every so many days; gives the days on which each mailbox was reminded, and of what."""
    found: dict[str, list[float]] = {}
    with world.opened() as practice:
        day = 0.0
        while day <= until:
            before = len(reminded(world))
            road_out(practice, after(days=day))
            for recipient, kinds in reminded(world)[before:]:
                found.setdefault(f"{recipient} {kinds}", []).append(day)
            day += step
    return found


def reminded(world: World) -> list[tuple[object, ...]]:
    """Give the reminders that were accepted."""
    return world.rows(
        "SELECT recipient, kinds FROM messages WHERE purpose = 'reminder' AND state = 'accepted' ORDER BY rowid"
    )


def work(world: World, clock: Callable[[], datetime]) -> list[str]:
    with world.opened() as practice:
        return road_out(practice, clock)


@pytest.mark.parametrize(
    ("first", "every", "most", "days"),
    [(7, 7, 2, [7, 14]), (3, 10, 3, [3, 13, 23]), (7, 7, 0, [])],
)
def test_reminders_go_after_so_many_days_and_at_most_so_often_both_documents_in_one_mail(
    asked: World, first: int, every: int, most: int, days: list[int]
) -> None:
    asked.change("^  first_after_days: 7", f"  first_after_days: {first}")
    asked.change("^  every_days: 7", f"  every_days: {every}")
    asked.change("^  at_most: 2", f"  at_most: {most}")
    found = days_of_reminders(asked, until=30)
    assert found == ({f"{CLIENT} {BOTH}": days} if days else {})
    assert asked.rows("SELECT kind, reminders FROM obligations") == [("quote", len(days)), ("consent", len(days))]


def test_a_client_is_reminded_of_the_consent_and_a_sponsor_of_the_quote(
    both_asked: World, server: ScriptedSmtp
) -> None:
    assert days_of_reminders(both_asked) == {f"{SPONSOR} quote": [7, 14], f"{CLIENT} consent": [7, 14]}
    for recipient, letter in letters(server):
        assert [name.split("-")[2] for name in letter.papers] == (["1"] if recipient == SPONSOR else ["2"])


def test_a_reminder_brings_the_very_documents_again_under_the_first_mail(asked: World, server: ScriptedSmtp) -> None:
    days_of_reminders(asked, until=14)
    first, *later = server.accepted
    (_, opening), *reminder = letters(server)
    started = dict(opening.headers)
    for (recipient, letter), mail in zip(reminder, later, strict=True):
        said = dict(letter.headers)
        assert (recipient, said["Subject"]) == (CLIENT, started["Subject"])
        assert said["In-Reply-To"] == said["References"] == started["Message-ID"] != said["Message-ID"]
        assert letter.papers == opening.papers
        assert mail.raw.split(b"application/pdf")[1:] != [] and mail.raw != first.raw
        assert "herinnering meer" in letter.plain and "€" not in letter.plain
    assert len(later) == 2


CALENDAR = [
    # asked at half past eleven in the evening: seven days on the calendar are six and a bit of the clock
    ("2026-11-02T22:30:00+00:00", "2026-11-08T22:59:59+00:00", "2026-11-08T23:00:00+00:00"),
    # the clock goes back in the night of 25 October, so this day comes an hour later in UTC
    ("2026-10-21T21:30:00+00:00", "2026-10-27T22:59:59+00:00", "2026-10-27T23:00:00+00:00"),
    # and forward in the night of 28 March
    ("2027-03-24T22:30:00+00:00", "2027-03-30T21:59:59+00:00", "2027-03-30T22:00:00+00:00"),
]


def test_days_are_those_of_the_practices_calendar(asked: World) -> None:
    with asked.opened() as practice:
        for asked_at, day_before, day_itself in CALENDAR:
            by_hand(asked, "UPDATE obligations SET asked_at = ?, due_at = '2028-01-01', reminders = 0", asked_at)
            with practice.database.transaction():
                practice.database.run("DELETE FROM messages WHERE purpose = 'reminder'")
            road_out(practice, at(datetime.fromisoformat(day_before)))
            assert reminded(asked) == [], day_before
            road_out(practice, at(datetime.fromisoformat(day_itself)))
            assert reminded(asked) == [(CLIENT, BOTH)], day_itself


def test_a_laptop_that_slept_for_three_weeks_sends_one_reminder_and_the_next_a_week_later(asked: World) -> None:
    with asked.opened() as practice:
        for day, count in ((22, 1), (22.5, 1), (28, 1), (29, 2), (29.5, 2)):
            road_out(practice, after(days=day))
            assert len(reminded(asked)) == count, day


def test_a_server_that_was_away_for_weeks_gets_one_reminder(asked: World, server: ScriptedSmtp) -> None:
    server.at("connect", "421 4.3.2 closed")
    with asked.opened() as practice:
        for day in range(7, 25):
            reminders.remind(practice, after(days=day)(), lambda _: None)
        server.behave()
        for day, count in ((25, 1), (26, 1), (31, 1), (32, 2)):
            road_out(practice, after(days=day))
            assert len(reminded(asked)) == count


@pytest.mark.parametrize("word", ["reply", "bounce", "absence"])
def test_no_reminder_goes_after_any_reply_bounce_or_absence(both_asked: World, word: str) -> None:
    by_hand(both_asked, "UPDATE obligations SET quiet = ?", word)
    assert days_of_reminders(both_asked) == {}


def test_an_answer_of_one_person_says_nothing_about_another(both_asked: World) -> None:
    by_hand(both_asked, "UPDATE obligations SET quiet = 'reply' WHERE party = 'client'")
    assert days_of_reminders(both_asked) == {f"{SPONSOR} quote": [7, 14]}


def test_no_reminder_goes_where_the_first_mail_bounced_or_was_not_accepted(
    both_asked: World,
) -> None:
    by_hand(both_asked, "UPDATE messages SET bounced = '5.1.1' WHERE party = 'client'")
    by_hand(both_asked, "UPDATE messages SET state = 'in_doubt' WHERE party = 'sponsor'")
    with both_asked.opened() as practice:
        assert reminders.remind(practice, after(days=20)(), lambda _: None) == 0


def test_what_came_back_and_waits_for_the_coach_is_neither_asked_for_again_nor_expired(asked: World) -> None:
    take_back(asked, Paper(Kind.QUOTE, after(days=2)(), state="proposed"))
    assert days_of_reminders(asked) == {f"{CLIENT} consent": [7, 14]}
    assert asked.rows("SELECT kind, state FROM obligations") == [("quote", "awaited"), ("consent", "awaited")]


def test_when_the_coach_asks_again_one_more_reminder_goes_though_all_have_gone(asked: World) -> None:
    days_of_reminders(asked, until=15)
    take_back(asked, Paper(Kind.QUOTE, after(days=15)(), state="rejected"))
    by_hand(asked, "UPDATE obligations SET quiet = 'reply'")
    by_hand(asked, "UPDATE obligations SET quiet = 'again' WHERE kind = 'quote'")
    with asked.opened() as practice:
        for day in (16, 17, 25):
            road_out(practice, after(days=day))
    assert reminded(asked) == [(CLIENT, BOTH), (CLIENT, BOTH), (CLIENT, "quote")]


CHANGES = {
    "an answer": "UPDATE obligations SET quiet = 'reply'",
    "a bounce": "UPDATE obligations SET quiet = 'bounce' WHERE kind = 'consent'",
    "the quote signed": "UPDATE obligations SET state = 'fulfilled' WHERE kind = 'quote'",
    "a decline": "UPDATE obligations SET state = 'declined' WHERE kind = 'quote'",
    "the last day over": "UPDATE obligations SET due_at = '2026-11-08' WHERE kind = 'quote'",
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("stage", ["rcpt", "data"])
def test_what_changes_before_the_final_dot_stops_a_reminder(
    due: World, server: ScriptedSmtp, change: str, stage: Stage
) -> None:
    server._settings.script = Interrupted(stage, lambda: by_hand(due, CHANGES[change]))  # noqa: SLF001  # the hook
    send(due)
    assert server.accepted == []
    assert due.rows("SELECT state FROM messages WHERE purpose = 'reminder'") == [("superseded",)]


def send(world: World) -> None:
    """Send what waits, twice, a week after the first mail."""
    with world.opened() as practice:
        for _ in range(2):
            outbox.send(practice, after(days=7), lambda _: None)


def test_with_nothing_changed_the_reminder_that_waits_goes(due: World, server: ScriptedSmtp) -> None:
    send(due)
    assert [to for to, _ in letters(server)] == [CLIENT]


def test_a_paper_that_comes_in_before_the_final_dot_stops_the_reminder(due: World, server: ScriptedSmtp) -> None:
    paper = Paper(Kind.CONSENT, after(days=7)(), state="proposed")
    server._settings.script = Interrupted("data", lambda: take_back(due, paper))  # noqa: SLF001  # the hook for this
    send(due)
    assert server.accepted == []


def test_a_newer_version_between_queue_and_send_goes_in_the_place_of_the_reminder(
    due: World, server: ScriptedSmtp
) -> None:
    due.drop(NEWER)
    with due.opened() as practice:
        assert intake.take_in(practice, after(days=7)(), lambda _: None) == 1
        outbox.send(practice, after(days=7), lambda _: None)
        assert server.accepted == []
        documents.write(practice, after(days=7)(), lambda _: None)
        compose.compose(practice, after(days=7)(), lambda _: None)
        for day in range(7, 15):
            road_out(practice, after(days=day))
    sent = [{name.rsplit("-")[-1] for name in letter.papers} for _, letter in letters(server)]
    assert sent == [{"v2.pdf"}, {"v2.pdf"}]
    assert reminded(due) == [(CLIENT, BOTH)]


def test_a_newer_version_in_the_very_moment_of_the_send_stops_the_reminder(due: World, server: ScriptedSmtp) -> None:
    server._settings.script = Interrupted("data", lambda: accept_newer(due))  # noqa: SLF001  # the hook for this
    send(due)
    assert server.accepted == []


def test_a_reminder_that_may_have_arrived_is_not_repeated_by_another(due: World, server: ScriptedSmtp) -> None:
    server.at("dot", drop="reset", accept=True, times=1)
    with due.opened() as practice:
        for day in range(7, 40):
            road_out(practice, after(days=day))
    assert len(server.accepted) == 1
    assert due.rows("SELECT state FROM messages WHERE purpose = 'reminder'") == [("in_doubt",)]


def test_a_quote_that_the_sponsor_declined_silences_the_client_too(both_asked: World) -> None:
    by_hand(both_asked, "UPDATE obligations SET state = 'declined' WHERE kind = 'quote'")
    assert days_of_reminders(both_asked) == {}


def test_a_quote_expires_at_the_end_of_its_last_day_and_a_consent_stays_awaited(asked: World) -> None:
    asked.change("^  at_most: 2", "  at_most: 0")
    work(asked, at(AMSTERDAM_MIDNIGHT - timedelta(seconds=1)))
    assert asked.rows("SELECT kind, state FROM obligations") == [("quote", "awaited"), ("consent", "awaited")]
    told = work(asked, at(AMSTERDAM_MIDNIGHT))
    assert asked.rows("SELECT kind, state, settled_at FROM obligations") == [
        ("quote", "expired", AMSTERDAM_MIDNIGHT.isoformat()), ("consent", "awaited", None),
    ]  # fmt: skip
    assert [line.split(" ", 1)[1] for line in told] == ["quote v1 has expired"]
    ((entries,),) = asked.rows("SELECT count(*) FROM ledger WHERE entry LIKE '%obligation.expired%'")
    assert entries == 1


def test_of_an_expired_quote_nobody_is_reminded_of_the_consent_still(both_asked: World, server: ScriptedSmtp) -> None:
    by_hand(both_asked, "UPDATE obligations SET due_at = '2026-11-05'")
    assert days_of_reminders(both_asked) == {f"{CLIENT} consent": [7, 14]}
    assert not [letter for to, letter in letters(server)[2:] if "november" in letter.plain], "a day that has passed"


def test_a_step_that_was_cut_off_before_it_was_recorded_makes_one_reminder(asked: World, server: ScriptedSmtp) -> None:
    with asked.opened() as practice:
        reminders.remind(practice, after(days=7)(), lambda _: None)
    files = sorted((asked.folder / "storage" / "outbox").iterdir())
    by_hand(asked, "DELETE FROM messages WHERE purpose = 'reminder'")
    by_hand(asked, "UPDATE obligations SET reminders = 0")
    work(asked, after(days=7, minutes=1))
    assert reminded(asked) == [(CLIENT, BOTH)] and len(server.accepted) == 2
    assert sorted((asked.folder / "storage" / "outbox").iterdir()) == files


def test_a_text_that_cannot_be_made_is_said_and_counts_for_nothing(asked: World) -> None:
    template = asked.folder / "templates" / "nl" / "mail" / "reminder.txt"
    text = template.read_text("utf-8")
    template.write_text("Beste {{ klantt }},", "utf-8")
    with asked.opened() as practice, pytest.raises(PrintFailed, match=r"reminder\.txt"):
        reminders.remind(practice, after(days=7)(), lambda _: None)
    assert asked.rows("SELECT reminders FROM obligations") == [(0,), (0,)]
    template.write_text(text, "utf-8")
    assert days_of_reminders(asked) == {f"{CLIENT} {BOTH}": [7, 14]}


MINUTES = st.lists(st.integers(0, 60 * 24 * 6), min_size=2, max_size=25)


@pytest.fixture
def restless(asked: World) -> Iterator[tuple[World, Practice]]:
    """Give an opened practice that would remind every day, a hundred times."""
    asked.change("^  first_after_days: 7", "  first_after_days: 1")
    asked.change("^  every_days: 7", "  every_days: 1")
    asked.change("^  at_most: 2", "  at_most: 12")
    with asked.opened() as practice:
        yield asked, practice


@given(moments=MINUTES)
@settings(deadline=None, max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_two_reminders_are_a_day_apart_whatever_the_clock_and_the_counters_say(
    restless: tuple[World, Practice], server: ScriptedSmtp, moments: list[int]
) -> None:
    world, practice = restless
    with practice.database.transaction():
        practice.database.run("DELETE FROM messages WHERE purpose = 'reminder'")
    for minute in moments:  # in the order in which they were drawn: a clock may also go back
        with practice.database.transaction():
            practice.database.run("UPDATE obligations SET reminders = 0, quiet = iif(kind = 'quote', 'again', NULL)")
        road_out(practice, after(days=1, minutes=minute))
    times = sorted(
        datetime.fromisoformat(str(row[0]))
        for row in world.rows("SELECT accepted_at FROM messages WHERE purpose = 'reminder' AND state = 'accepted'")
    )
    assert times
    assert all(later - earlier >= timedelta(hours=24) for earlier, later in pairwise(times))


def test_a_reminder_at_the_end_of_one_day_is_not_followed_at_the_start_of_the_next(asked: World) -> None:
    asked.change("^  every_days: 7", "  every_days: 1")
    evening = datetime(2026, 11, 9, 22, 58, tzinfo=UTC)
    with asked.opened() as practice:
        for minutes, count in ((0, 1), (4, 1), (23 * 60, 1), (24 * 60, 2)):
            road_out(practice, at(evening + timedelta(minutes=minutes)))
            assert len(reminded(asked)) == count, minutes


def test_what_goes_counts_in_the_ledger_and_holds_no_person(asked: World) -> None:
    days_of_reminders(asked, until=8)
    entries = [str(row[0]) for row in asked.rows("SELECT entry FROM ledger ORDER BY number")]
    assert len([entry for entry in entries if '"event":"obligation.reminded"' in entry]) == 2
    assert not [entry for entry in entries if CLIENT in entry or "Sanne" in entry]
    assert fates(asked) == {CLIENT: "accepted"}
