"""Twelve faults of the clock: nothing goes early, and nothing is alive after its window once the coach said yes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from imapclient import IMAPClient

from pipeline import attention
from pipeline.config.practice import Server
from pipeline.edges import uptime
from pipeline.retention import guarding, timetable
from pipeline.sandbox import SandboxServer
from pipeline.worker import Worker
from tests.retention.scene import Scene, copied, scene
from tests.world import World

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
DAY = timedelta(days=1)
FIRST, DUE = date(2026, 11, 8), date(2026, 12, 1)
WINDOW = timedelta(days=2)
"""A day to do it in, and the day that the coach has to keep something back when that is too near."""
PASSWORD = "a password"


@dataclass
class Clock:
    """A dossier that must go on DUE; what the world's clock says, and what this computer's says."""

    scene: Scene
    gone: datetime | None = None
    asked: set[str] = field(default_factory=set)
    said: list[str] = field(default_factory=list)

    def look(self, true: datetime, shown: datetime | None = None, *, agrees: bool = False) -> None:
        """Make one pass at the moment that is `true`, while the computer's clock has `shown`."""
        before = self.alive
        timetable.keep_promises(self.scene.practice, shown or true, self.said.append)
        waiting = attention.waiting(self.scene.practice)
        self.asked |= {reason for one in waiting for reason in one.reasons[:-1]}
        for one in waiting if agrees else ():
            attention.accept(self.scene.practice, one.number, shown or true)
        if before and not self.alive:
            self.gone = true

    @property
    def alive(self) -> bool:
        """Tell whether anything is left of the dossier."""
        return bool(self.scene.practice.database.value("SELECT count(*) FROM dossiers"))

    def days(self, first: date, last: date, *, agrees: bool = False, shown: Callable[[datetime], datetime] | None = None
             ) -> None:  # fmt: skip
        """Let the days pass from `first` to `last`, with a pass each morning and evening."""
        for true in mornings_and_evenings(first, last):
            self.look(true, shown(true) if shown else None, agrees=agrees)

    @property
    def on_time(self) -> bool:
        """Tell whether it went, not before its day and not after its window."""
        start = datetime.combine(DUE, time(), AMSTERDAM)
        return self.gone is not None and start <= self.gone < start + WINDOW


def mornings_and_evenings(first: date, last: date) -> Iterator[datetime]:
    day = first
    while day <= last:
        yield from (datetime.combine(day, time(hour), UTC) for hour in (8, 20))
        day += DAY


@pytest.fixture
def clock(dossier: Scene) -> Clock:
    """A dossier that is due on DUE, five years after it was closed; no mailbox."""
    dossier.told("closed", DUE.replace(year=DUE.year - 5).isoformat())
    return Clock(dossier)


def by(offset: timedelta) -> Callable[[datetime], datetime]:
    return lambda true: true + offset


def test_a_clock_that_is_right_erases_on_the_day_and_asks_nothing(clock: Clock) -> None:
    clock.days(FIRST, DUE + WINDOW)
    assert clock.on_time and not clock.asked


FAULTS: dict[str, tuple[date, date, Callable[[datetime], datetime]]] = {
    "to 1970 for three days": (date(2026, 11, 10), date(2026, 11, 12), lambda t: t.replace(year=1970)),
    "to 1970 over its day, for a moment": (date(2026, 11, 28), date(2026, 11, 28), lambda t: t.replace(year=1970)),
    "to 2040 and back": (date(2026, 11, 10), date(2026, 11, 20), lambda t: t.replace(year=2040)),
    "a year ahead for ten days": (date(2026, 11, 10), date(2026, 11, 20), by(timedelta(days=365))),
    "back by a day": (date(2026, 11, 20), date(2026, 11, 24), by(-DAY)),
    "standing still": (date(2026, 11, 20), date(2026, 11, 27), lambda _: datetime(2026, 11, 20, 8, tzinfo=UTC)),
    "to 2040, a day further at every pass": (
        date(2026, 11, 10), date(2026, 11, 14), lambda t: t.replace(year=2040, month=1 + t.day % 12),
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_while_the_clock_is_wrong_nothing_goes_and_once_it_is_right_all_goes_on_time(clock: Clock, fault: str) -> None:
    first, last, shown = FAULTS[fault]
    clock.days(FIRST, first - DAY)
    clock.days(first, last, shown=shown)
    assert clock.alive
    clock.days(last + DAY, DUE + WINDOW, agrees=True)
    assert clock.on_time


def test_a_clock_that_is_two_days_late_makes_it_two_days_late_and_never_early(clock: Clock) -> None:
    clock.days(FIRST, DUE - DAY)
    clock.days(DUE, DUE + 2 * DAY, shown=by(timedelta(days=-2)))
    assert clock.gone == datetime.combine(DUE + 2 * DAY, time(8), UTC)


def test_a_computer_that_slept_for_three_months_over_the_day_asks_once_and_erases_when_she_agrees(clock: Clock) -> None:
    clock.days(FIRST, date(2026, 11, 20))
    awake = date(2027, 2, 20)
    clock.days(awake, awake + 3 * DAY)
    assert clock.alive and len(attention.waiting(clock.scene.practice)) == 1
    assert any("2026-11-20" in reason for reason in clock.asked)
    clock.days(awake + 4 * DAY, awake + 4 * DAY, agrees=True)
    assert not clock.alive


def test_the_first_run_ever_of_a_clock_that_is_years_ahead_erases_nothing(clock: Clock) -> None:
    clock.days(FIRST, date(2026, 11, 12), shown=lambda t: t.replace(year=2040))
    assert clock.alive and clock.asked


def test_a_clock_that_jumps_during_a_pass_erases_nothing(clock: Clock) -> None:
    at = iter(datetime(2026, 11, 4, 8, tzinfo=UTC) + timedelta(days=400 * n) for n in range(100))
    worker = Worker(clock.scene.practice, lambda: next(at), clock.said.append)
    worker.one_pass()
    worker.one_pass()
    assert clock.alive


@pytest.mark.parametrize("due", [date(2027, 3, 28), date(2027, 10, 31)], ids=["into summer time", "out of it"])
def test_on_the_day_that_the_clock_is_put_forward_or_back_it_goes_from_midnight_in_the_practice(
    dossier: Scene, due: date
) -> None:
    dossier.told("closed", due.replace(year=due.year - 5).isoformat())
    clock = Clock(dossier)
    midnight = datetime.combine(due, time(), AMSTERDAM).astimezone(UTC)
    told = midnight - timedelta(days=14)
    dossier.practice.database.run("INSERT OR REPLACE INTO settings VALUES ('clock', ?)", told.isoformat())
    clock.look(told)
    for minutes in range(-180, 200, 20):
        clock.look(midnight + timedelta(minutes=minutes))
    assert clock.gone == midnight


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Pacific/Kiritimati"])
def test_when_the_practice_moves_to_another_zone_the_day_is_that_of_where_it_is(clock: Clock, zone: str) -> None:
    clock.days(FIRST, date(2026, 11, 25))
    practice = clock.scene.practice
    practice.file = practice.file.model_copy(update={"timezone": zone})
    midnight = datetime.combine(DUE, time(), ZoneInfo(zone)).astimezone(UTC)
    for hours in range(-30, 30):
        clock.look(midnight + timedelta(hours=hours))
    assert clock.gone == midnight


# The clock that counts on since the computer was started.


START = "start of the computer"


def put_forward(clock: Clock, by: timedelta) -> None:
    """Leave what a clock leaves that is put forward while the computer is on: it seems to have been started later."""
    kept = clock.scene.practice.database.value("SELECT value FROM settings WHERE name = ?", START)
    if kept is None:
        pytest.skip("this system does not tell when it was started")
    name, at = kept.split()
    noted = f"{name} {(datetime.fromisoformat(at) - by).isoformat()}"
    clock.scene.run("UPDATE settings SET value = ? WHERE name = ?", noted, START)


def seen(clock: Clock) -> datetime:
    return datetime.fromisoformat(
        clock.scene.practice.database.value("SELECT value FROM settings WHERE name = 'clock'")
    )  # fmt: skip


def test_a_clock_that_was_put_forward_by_a_month_erases_nothing_and_is_not_remembered(clock: Clock) -> None:
    clock.days(FIRST, date(2026, 11, 10))
    before = seen(clock)
    put_forward(clock, 30 * DAY)
    clock.days(date(2026, 11, 11), date(2026, 11, 20), shown=by(30 * DAY))
    assert clock.alive and seen(clock) == before
    assert any("vooruitgezet" in reason for reason in clock.asked)
    put_forward(clock, -30 * DAY)
    clock.days(date(2026, 11, 21), DUE + WINDOW)
    assert clock.on_time and not attention.waiting(clock.scene.practice)


def test_a_clock_that_was_put_right_by_a_month_goes_on_once_she_says_that_it_is_right(clock: Clock) -> None:
    clock.days(FIRST, date(2026, 11, 10))
    put_forward(clock, 30 * DAY)
    clock.days(date(2026, 12, 10), date(2026, 12, 11))
    assert clock.alive and len(attention.waiting(clock.scene.practice)) == 1
    clock.days(date(2026, 12, 12), date(2026, 12, 12), agrees=True)
    assert not clock.alive and seen(clock).date() == date(2026, 12, 12)
    assert not attention.waiting(clock.scene.practice)


@pytest.mark.parametrize("hours", [-2, 2])
def test_a_clock_that_was_put_right_by_an_hour_or_two_is_not_asked_about(clock: Clock, hours: int) -> None:
    clock.days(FIRST, date(2026, 11, 10))
    put_forward(clock, timedelta(hours=hours))
    clock.days(date(2026, 11, 11), DUE + WINDOW)
    assert clock.on_time and not clock.asked


def test_a_clock_that_is_put_forward_a_little_each_day_is_found_out_by_what_it_adds_up_to(clock: Clock) -> None:
    for day in range(20):
        true = datetime(2026, 11, 8, 8, tzinfo=UTC) + day * DAY
        clock.look(true, true + day * timedelta(hours=2))
        put_forward(clock, timedelta(hours=2))
    assert seen(clock) == datetime(2026, 11, 9, 10, tzinfo=UTC)


def test_after_the_computer_was_started_anew_its_start_is_remembered_and_nothing_is_asked(clock: Clock) -> None:
    started = uptime.start()
    clock.days(FIRST, date(2026, 11, 10))
    another = "another-start 2026-01-01T00:00:00+00:00"
    clock.scene.run("INSERT OR REPLACE INTO settings VALUES (?, ?)", START, another)
    clock.days(date(2026, 11, 11), DUE + WINDOW)
    kept = clock.scene.practice.database.value("SELECT value FROM settings WHERE name = ?", START)
    assert clock.on_time and not clock.asked and kept.split()[0] == (started.name if started else "another-start")


def test_the_start_of_this_computer_is_the_same_whenever_it_is_asked() -> None:
    first, second = uptime.start(), uptime.start()
    if first is None or second is None:
        pytest.skip("this system does not tell when it was started")
    assert first.name == second.name and abs(first.at - second.at) < timedelta(seconds=5)
    assert first.at < datetime.now(UTC)


def test_what_goes_by_no_clock_says_nothing_of_the_clock(clock: Clock) -> None:
    clock.days(FIRST, date(2026, 11, 10))
    before, at_once = seen(clock), guarding.Intended(("1 mine.consent",), 0, 0)
    assert guarding.may(clock.scene.practice, at_once, None, datetime(2040, 1, 1, tzinfo=UTC))
    assert seen(clock) == before


# A clock that is behind.


BEHIND_FOR = (date(2026, 11, 28), date(2026, 11, 30))


def test_while_the_clock_is_behind_she_is_asked_once_why_nothing_goes_and_it_stays_announced(clock: Clock) -> None:
    clock.days(FIRST, date(2026, 11, 27))
    for first, last in (BEHIND_FOR, (DUE, DUE + 2 * DAY)):
        clock.days(first, last, shown=lambda true: true.replace(year=1970))
        (one,) = attention.waiting(clock.scene.practice)
        assert one.what == "plan" and "1970" in one.reasons[0] and "2026-11-27" in one.reasons[0]
        assert "8 onderdelen" in one.reasons[1]
    taken_back = "SELECT count(*) FROM ledger WHERE entry LIKE '%erasure.taken_back%'"
    assert clock.alive and not clock.scene.practice.database.value(taken_back)
    clock.look(datetime(2026, 12, 4, 8, tzinfo=UTC))
    assert not clock.alive and not attention.waiting(clock.scene.practice)


def test_a_clock_that_is_behind_and_right_after_all_is_believed_at_her_yes(clock: Clock) -> None:
    clock.days(FIRST, date(2026, 11, 20), shown=by(5 * DAY))  # it ran ahead, and nothing told
    assert seen(clock) == datetime(2026, 11, 25, 20, tzinfo=UTC) and not clock.asked
    clock.days(date(2026, 11, 21), date(2026, 11, 21), agrees=True)
    assert seen(clock) == datetime(2026, 11, 21, 20, tzinfo=UTC) and clock.asked
    clock.days(date(2026, 11, 22), DUE + WINDOW)
    assert clock.on_time and not attention.waiting(clock.scene.practice)


def test_while_nothing_waits_a_clock_that_is_behind_asks_nothing(clock: Clock) -> None:
    clock.days(FIRST, date(2026, 11, 10))
    clock.look(datetime(2026, 11, 11, 8, tzinfo=UTC), datetime(2020, 1, 1, tzinfo=UTC))
    assert not attention.waiting(clock.scene.practice)


# With a mailbox, whose mails bear the provider's time.


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    accounts = {f"coach{number}@practice.example": PASSWORD for number in range(9)}
    with SandboxServer(tmp_path_factory.mktemp("server"), accounts) as made:
        yield made


@dataclass
class Mailbox:
    """The coach's mailbox, to which mails come."""

    server: SandboxServer
    user: str

    def comes(self, dates: Iterable[datetime]) -> None:
        """Have mails come in at these moments, by the provider's clock."""
        with IMAPClient("127.0.0.1", port=self.server.imap_port, ssl=False) as box:
            box.login(self.user, PASSWORD)
            for at in dates:
                box.append("INBOX", b"Subject: News\r\nFrom: news@elsewhere.example\r\n\r\nNews.\r\n", (), at)


@pytest.fixture
def mailbox(server: SandboxServer, request: pytest.FixtureRequest) -> Mailbox:
    number = request.node.session.stash.setdefault(NUMBERS, iter(range(9)))
    return Mailbox(server, f"coach{next(number)}@practice.example")


NUMBERS = pytest.StashKey[Iterator[int]]()


@pytest.fixture
def witnessed(composed: World, tmp_path: Path, mailbox: Mailbox) -> Iterator[Clock]:
    """The same dossier, in a practice with a mailbox."""
    world = copied(composed, tmp_path)
    login = f"host: 127.0.0.1, port: {mailbox.server.imap_port}, security: plain-on-loopback, user: {mailbox.user}"
    world.change(r"^  sent_copy: none$", f"  sent_copy: none\n  imap: {{{login}}}")
    world.keep_password(f"{mailbox.user}@127.0.0.1", PASSWORD)
    with scene(world) as made:
        made.told("closed", DUE.replace(year=DUE.year - 5).isoformat())
        made.practice.secret_of(mailbox_of(made))
        yield Clock(made)


def mailbox_of(made: Scene) -> Server:
    assert made.practice.file.mail.imap is not None
    return made.practice.file.mail.imap


def daily(last: datetime, count: int = 20) -> list[datetime]:
    return [last - timedelta(days=number) for number in range(count, 0, -1)]


def test_a_year_ahead_the_mail_bears_witness_that_it_is_not_so(witnessed: Clock, mailbox: Mailbox) -> None:
    mailbox.comes(daily(datetime(2026, 11, 10, 8, tzinfo=UTC)))
    witnessed.days(FIRST, date(2026, 11, 9))
    witnessed.days(date(2026, 11, 10), date(2026, 11, 16), shown=by(timedelta(days=365)))
    assert witnessed.alive and witnessed.asked


def test_asleep_for_three_months_the_mail_that_came_meanwhile_bears_witness_and_nothing_is_asked(
    witnessed: Clock, mailbox: Mailbox
) -> None:
    witnessed.days(FIRST, date(2026, 11, 9))
    awake = datetime(2027, 2, 20, 8, tzinfo=UTC)
    mailbox.comes(daily(awake))
    witnessed.days(awake.date(), awake.date() + 2 * DAY)
    assert not witnessed.alive and not witnessed.asked


def test_one_mail_with_a_date_in_the_future_bears_no_witness_to_a_clock_that_is_there_too(
    witnessed: Clock, mailbox: Mailbox
) -> None:
    future = datetime(2040, 6, 1, 8, tzinfo=UTC)
    mailbox.comes([*daily(datetime(2026, 11, 10, 8, tzinfo=UTC), 4), future])
    witnessed.days(FIRST, date(2026, 11, 9))
    for hours in range(0, 100, 12):
        witnessed.look(datetime(2026, 11, 10, 8, tzinfo=UTC), future + timedelta(hours=hours))
    assert witnessed.alive and witnessed.asked


def test_a_mail_with_a_date_in_the_future_holds_nothing_up_while_the_clock_is_right(
    witnessed: Clock, mailbox: Mailbox
) -> None:
    mailbox.comes([*daily(datetime(2026, 11, 30, 8, tzinfo=UTC), 4), datetime(2040, 6, 1, 8, tzinfo=UTC)])
    witnessed.days(FIRST, DUE + DAY)
    assert witnessed.on_time and not witnessed.asked
