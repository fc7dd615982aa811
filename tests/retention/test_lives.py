"""Everything that is held is named, with what has happened to it; what is not there, or not settled, is not counted."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from itertools import groupby

import pytest

from pipeline.model import Kind
from pipeline.policy.schema.base import Category
from pipeline.policy.schema.retention import Event
from pipeline.policy.terms import Life
from pipeline.retention import lives
from tests.retention.scene import OPENED, START, Scene, on

COMPOSED = {
    "client": Category.CONTACT, "employer": Category.EMPLOYER, "sponsor": Category.SPONSOR, "goal": Category.GOAL,
    "offer": Category.AGREEMENT, "quote": Category.QUOTE, "consent": Category.CONSENT, "mail_out": Category.MAIL_OUT,
}  # fmt: skip
"""What is held of a dossier whose papers were made and have not come back."""


def life(dossier: Scene) -> Life:
    """Give what has happened to the dossier."""
    return dossier.held()["client"].life


def test_a_dossier_that_was_not_sent_holds_the_client_file_the_papers_and_the_mail(dossier: Scene) -> None:
    held = dossier.held()
    assert {part: one.category for part, one in held.items()} == COMPOSED
    assert {one.dossier for one in held.values()} == {dossier.reference}
    opened = dict.fromkeys((Event.OPENED, Event.FIRST_CONTACT, Event.LAST_CONTACT, Event.LAST_ACTIVITY), OPENED)
    assert all(one.life == Life(OPENED, engaged=False, events=opened) for one in held.values())


@pytest.mark.parametrize(
    ("without", "part"),
    [
        (["client"], "client"),
        (["sponsor"], "sponsor"),
        (["goal"], "goal"),
        (["programme", "lines"], "offer"),
    ],
)
def test_what_is_not_in_the_client_file_is_not_held(dossier: Scene, without: list[str], part: str) -> None:
    for field in without:
        dossier.run("UPDATE requests SET facts = json_remove(facts, ?)", f"$.{field}")
    assert part in COMPOSED and part not in dossier.held()


def test_what_stood_in_an_earlier_version_of_the_client_file_is_still_held(dossier: Scene) -> None:
    facts = json.loads(dossier.practice.database.value("SELECT facts FROM requests"))
    later = json.dumps(facts | {"goal": None, "sponsor": None})
    dossier.run("INSERT INTO requests SELECT dossier, 2, 'other', ?, state, NULL, accepted_at FROM requests", later)
    assert {"goal", "sponsor"} <= dossier.held().keys()


@pytest.mark.parametrize(
    ("erased", "part"),
    [
        ("UPDATE documents SET sha256 = '' WHERE kind = 'quote'", "quote"),
        ("UPDATE documents SET sha256 = '' WHERE kind = 'consent'", "consent"),
        ("UPDATE messages SET recipient = ''", "mail_out"),
        ("UPDATE mails SET file = ''", "mail_in"),
        ("DELETE FROM returns WHERE kind = 'quote'", "signed_quote"),
        ("DELETE FROM returns WHERE kind = 'consent'", "signed_consent"),
    ],
)
def test_what_was_erased_is_named_no_more_and_all_else_is(dossier: Scene, erased: str, part: str) -> None:
    dossier.returned(Kind.QUOTE, on(11, 9))
    dossier.returned(Kind.CONSENT, on(11, 10))
    before = dossier.held()
    dossier.run(erased)
    assert before.keys() - dossier.held().keys() == {part}


def test_a_signed_paper_is_held_from_the_day_that_it_came_back(dossier: Scene) -> None:
    dossier.returned(Kind.QUOTE, on(11, 9))
    dossier.returned(Kind.CONSENT, on(11, 12))
    held = dossier.held()
    assert (held["signed_quote"].category, held["signed_quote"].life.came) == (Category.AGREEMENT, date(2026, 11, 9))
    assert (held["signed_consent"].category, held["signed_consent"].life.came) == (
        Category.CONSENT,
        date(2026, 11, 12),
    )
    assert (held["mail_in"].category, held["mail_in"].life.came) == (Category.MAIL_IN, date(2026, 11, 9))
    assert held["client"].life.came == OPENED


def test_a_dossier_whose_quote_was_signed_is_engaged(dossier: Scene) -> None:
    dossier.sent(START)
    assert not life(dossier).engaged
    dossier.settled("fulfilled", on(11, 9))
    assert life(dossier).engaged and Event.LAPSED not in life(dossier).events


def test_an_agreement_stands_when_a_newer_version_of_its_quote_expires(dossier: Scene) -> None:
    dossier.sent(START)
    dossier.returned(Kind.QUOTE, on(11, 9))
    dossier.run("UPDATE obligations SET state = 'superseded'")
    dossier.run(
        "INSERT INTO obligations (dossier, kind, version, party, state, asked_at, due_at, settled_at)"
        " VALUES (?, 'quote', 2, 'sponsor', 'expired', '', '', ?)",
        dossier.reference, on(12, 20).isoformat(),
    )  # fmt: skip
    assert life(dossier).engaged and Event.LAPSED not in life(dossier).events


def test_a_signed_quote_that_waits_for_the_coach_is_not_yet_an_agreement(dossier: Scene) -> None:
    dossier.sent(START)
    dossier.returned(Kind.QUOTE, on(11, 9), state="proposed")
    assert not life(dossier).engaged


@pytest.mark.parametrize("state", ["expired", "declined"])
def test_a_quote_that_expired_or_was_declined_has_lapsed(dossier: Scene, state: str) -> None:
    dossier.sent(START)
    dossier.settled(state, on(12, 3))
    assert life(dossier).events[Event.LAPSED] == date(2026, 12, 3) and not life(dossier).engaged


@pytest.mark.parametrize("what", ["decline", "return", "answer"])
def test_nothing_has_lapsed_while_the_coach_must_still_look(dossier: Scene, what: str) -> None:
    dossier.sent(START)
    dossier.settled("declined", on(12, 3))
    dossier.asked(what, dossier=dossier.reference)
    assert Event.LAPSED not in life(dossier).events
    dossier.run("UPDATE attention SET state = 'settled'")
    assert life(dossier).events[Event.LAPSED] == date(2026, 12, 3)


def test_a_newer_version_that_is_still_awaited_has_not_lapsed(dossier: Scene) -> None:
    dossier.sent(START)
    dossier.settled("superseded", on(12, 3))
    assert Event.LAPSED not in life(dossier).events


@pytest.mark.parametrize("event", [one for one in Event if one not in {Event.OPENED, Event.LAPSED}])
def test_a_day_that_the_coach_told_holds_for_every_part(dossier: Scene, event: Event) -> None:
    dossier.told(event, "2027-03-01")
    assert {one.life.events[event] for one in dossier.held().values()} == {date(2027, 3, 1)}


def agreed(dossier: Scene, purpose: str, *said: tuple[bool, datetime]) -> None:
    """Have her say yes or no to a consent, each time in a mail of her own."""
    for given, at in said:
        dossier.run(
            "INSERT INTO consents (dossier, purpose, given, document, text_seal, way, mail, came_at, at)"
            " VALUES (?, ?, ?, 'd', 's', 'w', ?, ?, ?)",
            dossier.reference, purpose, int(given), dossier.mail(at), at.isoformat(), at.isoformat(),
        )  # fmt: skip


@pytest.mark.clause("R-Tr.6")
@pytest.mark.parametrize(
    ("said", "consented", "withdrawn"),
    [
        ([], None, None),
        ([(False, 9)], None, None),
        ([(True, 9)], "2026-11-09", None),
        ([(True, 9), (False, 12)], "2026-11-09", "2026-11-12"),
        ([(False, 9), (True, 12)], "2026-11-12", None),
        ([(True, 9), (False, 12), (True, 20)], "2026-11-20", None),
        ([(True, 9), (False, 9)], "2026-11-09", "2026-11-09"),
    ],
)
def test_the_days_of_her_consent_to_stay_in_touch_are_those_on_which_her_word_came(
    dossier: Scene, said: list[tuple[bool, int]], consented: str | None, withdrawn: str | None
) -> None:
    agreed(dossier, "keep_in_touch", *((given, on(11, day)) for given, day in said))
    agreed(dossier, "coaching", (True, on(11, 25)))
    known = {str(event): str(day) for event, day in life(dossier).events.items()}
    assert (known.get("consented"), known.get("withdrawn")) == (consented, withdrawn)


def test_a_term_that_was_made_longer_is_known_of_every_part_until_that_is_taken_back(dossier: Scene) -> None:
    dossier.invoice("2027-0001", "2027-03-31", rest="{}")
    dossier.run("INSERT INTO extensions (dossier, rule, reason, granted_at) VALUES (?, 'some.rule', 'r', '')",
                dossier.reference)  # fmt: skip
    assert {one.life.extended for one in dossier.held().values()} == {frozenset({"some.rule"})}
    dossier.run("UPDATE extensions SET lifted_at = 'then'")
    assert {one.life.extended for one in dossier.held().values()} == {frozenset()}


def test_a_case_is_held_by_itself_once_the_key_to_it_is_gone(dossier: Scene) -> None:
    dossier.run("INSERT INTO cases VALUES ('OPEN', '[]', '2026-11', NULL), ('ENDED', '[]', '2026-10', '2027-02')")
    (case,) = (one for one in dossier.held().values() if one.category is Category.LEARNING)
    closed = {Event.CLOSED: date(2027, 2, 1)}
    assert (case.dossier, case.part, case.life) == ("", "case ENDED", Life(date(2026, 10, 1), events=closed))


@pytest.mark.parametrize(
    ("came", "nature", "last"),
    [
        ((2027, 2, 1), "letter", "2027-02-01"),
        ((2027, 2, 1), "auto_reply", "2026-11-20"),
        ((2027, 2, 1), "bounce", "2026-11-20"),
        ((2026, 11, 5), "letter", "2026-11-20"),
    ],
)
def test_the_last_contact_is_the_last_letter_in_or_paper_out(
    dossier: Scene, came: tuple[int, int, int], nature: str, last: str
) -> None:
    dossier.sent(on(11, 20))
    year, month, day = came
    dossier.mail(on(month, day, year), nature=nature)
    assert str(life(dossier).events[Event.LAST_CONTACT]) == last
    assert life(dossier).events[Event.FIRST_CONTACT] == OPENED


def test_a_request_about_personal_data_is_no_contact(dossier: Scene) -> None:
    mail = dossier.mail(on(2, 1, 2027))
    dossier.asked("request", "settled", mail=mail, dossier=dossier.reference)
    assert life(dossier).events[Event.LAST_CONTACT] == OPENED
    dossier.mail(on(3, 1, 2027), came=False)
    assert life(dossier).events[Event.LAST_CONTACT] == date(2027, 3, 1)


def test_the_last_contact_is_no_earlier_than_a_day_that_the_coach_told(dossier: Scene) -> None:
    dossier.told("closed", "2027-06-30")
    assert life(dossier).events[Event.LAST_CONTACT] == date(2027, 6, 30)


def test_days_are_those_of_the_practice_s_calendar(dossier: Scene) -> None:
    late = datetime.fromisoformat("2026-12-31T23:30:00+00:00")  # past midnight in Amsterdam
    dossier.run("UPDATE dossiers SET opened_at = ?", late.isoformat())
    dossier.mail(late - timedelta(hours=1), filed=False, state="left")
    assert life(dossier).events[Event.OPENED] == date(2027, 1, 1)
    assert dossier.held()["mail 1"].life.came == date(2026, 12, 31)


@pytest.mark.parametrize(
    ("last_month", "issued", "over"), [(12, "2027-03-31", "2028-01-01"), (3, "2027-03-31", "2027-04-01"),
                                       (3, "2027-04-01", "2028-04-01"), (2, "2027-03-01", "2028-03-01")]
)  # fmt: skip
def test_an_invoice_is_held_in_two_each_with_its_book_year_and_all_that_happened_to_the_dossier(
    dossier: Scene, last_month: int, issued: str, over: str
) -> None:
    dossier.told("closed", "2027-06-30")
    dossier.invoice("2027-0001", issued, rest='{"goal": "rust"}')
    held = dossier.held(last_month)
    statutory, rest = held["statutory 2027-0001"], held["rest 2027-0001"]
    assert (statutory.category, statutory.named, rest.category, rest.named) == ("invoice", "number", "invoice", None)
    for one in (statutory, rest):
        assert one.dossier == dossier.reference and one.life.came == date.fromisoformat(issued)
        assert one.life.engaged and one.life.events[Event.CLOSED] == date(2027, 6, 30)
        assert one.life.events[Event.OPENED] == OPENED
        assert one.life.events[Event.BOOK_YEAR_ENDED] == date.fromisoformat(over)


def test_an_invoice_of_which_only_the_law_s_fields_are_left_is_held_once(dossier: Scene) -> None:
    dossier.invoice("2027-0001", "2027-03-31")
    assert [part for part in dossier.held() if "2027-0001" in part] == ["statutory 2027-0001"]


def test_an_invoice_outlives_its_dossier(dossier: Scene) -> None:
    dossier.invoice("2019-0001", "2019-03-31", dossier="GONE-2222")
    one = dossier.held()["statutory 2019-0001"]
    assert (one.dossier, one.life.events[Event.BOOK_YEAR_ENDED]) == ("GONE-2222", date(2020, 1, 1))


@pytest.mark.parametrize(
    ("state", "held"), [("left", True), ("set_aside", True), ("filed", True), ("stored", False), ("waiting", False)]
)
def test_mail_of_no_dossier_is_held_from_its_coming_once_nobody_waits_for_it(
    dossier: Scene, state: str, *, held: bool
) -> None:
    number = dossier.mail(on(11, 9), filed=False, state=state)
    found = dossier.held().get(f"mail {number}")
    assert (found is not None) == held
    if found:
        assert (found.dossier, found.category) == ("", Category.UNFILED)
        assert found.life == Life(date(2026, 11, 9), engaged=False, events={Event.RECEIVED: date(2026, 11, 9)})


def test_mail_that_a_rule_set_aside_for_the_coach_waits_for_her(dossier: Scene) -> None:
    number = dossier.mail(on(11, 9), filed=False, state="set_aside")
    dossier.asked("set_aside", mail=number)
    assert f"mail {number}" not in dossier.held()
    dossier.run("UPDATE attention SET state = 'settled'")
    assert f"mail {number}" in dossier.held()


def test_a_closed_dossier_goes_five_years_later_under_the_policy_of_the_practice(dossier: Scene) -> None:
    dossier.returned(Kind.QUOTE, on(11, 9))
    assert {one.term.due for one in dossier.endings().values()} == {None}
    assert dossier.endings()["client"].term.alarm == date(2027, 11, 2)
    dossier.told("closed", "2027-06-30")
    dossier.invoice("2027-0001", "2027-03-31", rest="{}")
    dues = {part: str(one.term.due) for part, one in dossier.endings().items()}
    assert dues.pop("statutory 2027-0001") == "2035-01-01"
    assert set(dues.values()) == {"2032-06-30"}


def test_each_dossier_comes_whole_before_the_next(dossier: Scene) -> None:
    first = dossier.reference
    for other in ("AAAA-2222", "ZZZZ-9999"):
        dossier.run("INSERT INTO dossiers VALUES (?, 'key', ?, ?)", other, other, START.isoformat())
        dossier.run(
            "INSERT INTO requests SELECT ?, 1, ?, facts, state, NULL, accepted_at FROM requests WHERE dossier = ?",
            other, other, first,
        )  # fmt: skip
    every = lives.held(dossier.practice.database, dossier.practice.today, 12)
    in_order = sorted(["AAAA-2222", first, "ZZZZ-9999"])
    assert [reference for reference, _ in groupby(one.dossier for one in every)] == in_order
