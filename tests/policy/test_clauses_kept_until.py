"""Each promise about how long: the day it gives, as the statement words it, written here a second time.

Every day is counted from the events of one imaginary life, so that each row can be checked with a calendar.
"""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from pipeline.policy.mailterms import MailLife, mail_term
from pipeline.policy.policy import Policy, retention_rules
from pipeline.policy.schema.base import HELD, IN_COURSE, Category
from pipeline.policy.schema.mail import Deleted, MailKind
from pipeline.policy.schema.retention import Event, Leaving, Until
from pipeline.policy.terms import Life, book_year_end, term
from tests.policy.promises import POLICIES, promise

ISSUED = date(2020, 3, 1)
EVENTS = {
    Event.OPENED: date(2019, 1, 10), Event.FIRST_CONTACT: date(2019, 1, 10), Event.CONSENTED: date(2019, 2, 1),
    Event.LAST_CONTACT: date(2020, 5, 20), Event.LAST_ACTIVITY: date(2020, 5, 20), Event.CLOSED: date(2020, 6, 30),
    Event.AGREEMENT_ENDED: date(2020, 7, 31), Event.RELATIONSHIP_ENDED: date(2020, 9, 1),
    Event.LICENCE_ENDED: date(2020, 10, 1), Event.RECEIVED: date(2020, 4, 4),
    Event.ISSUED: ISSUED, Event.BOOK_YEAR_ENDED: book_year_end(ISSUED),
}  # fmt: skip
CLIENT, PROSPECT = True, False


def life(*, engaged: bool = CLIENT, **more: date | None) -> Life:
    """Give the imaginary life; `more` are events by their names that were otherwise, None for one that never came."""
    events = {event: day for event, day in EVENTS.items() if event not in more or more[event]}
    return Life(EVENTS[Event.OPENED], engaged, events | {Event(name): day for name, day in more.items() if day})


@pytest.mark.parametrize(
    ("policy", "category", "engaged", "due"),
    [
        # five years after closing; a profile at most five
        promise("K-12", Category.CONTACT, CLIENT, "2025-06-30"),
        promise("K-12", Category.GOAL, CLIENT, "2025-06-30"),
        promise("K-12", Category.PROFILE, CLIENT, "2025-06-30"),
        promise("K-12", Category.PROFILE_INTAKE, CLIENT, "2025-06-30"),
        promise("K-12 K-10", Category.REPORT, CLIENT, "2025-06-30"),
        promise("K-12", Category.DRAFT, CLIENT, "2025-06-30"),
        promise("K-12", Category.APPOINTMENT, CLIENT, "2025-06-30"),
        # contact that came to nothing: two years at most; it is no longer needed then
        promise("J-4.1 J-7d.1", Category.CONTACT, PROSPECT, "2022-05-20"),
        # the agreement seven years after it ended, customer data three
        promise("J-4.3", Category.AGREEMENT, CLIENT, "2027-07-31"),
        promise("J-4.3 J-7d.1", Category.ADDRESS, CLIENT, "2023-07-31"),
        # customer records five years after the relationship
        promise("J-4.4", Category.CONTACT, CLIENT, "2025-09-01"),
        # invoices and books seven years
        promise("J-4.5 J-4.2", Category.INVOICE, CLIENT, "2027-03-01"),
        # the file of the sessions five years
        promise("J-4.6", Category.DOSSIER, CLIENT, "2025-06-30"),
        promise("J-4.6", Category.NOTES, CLIENT, "2025-06-30"),
        promise("J-4.6", Category.PROFILE, CLIENT, "2025-06-30"),
        promise("J-4.6", Category.PROFILE_INTAKE, CLIENT, "2025-06-30"),
        promise("J-4.6", Category.REPORT, CLIENT, "2025-06-30"),
        promise("J-4.6", Category.DRAFT, CLIENT, "2025-06-30"),
        promise("J-4.1", Category.REPORT, PROSPECT, "2022-05-20"),
        # never longer than two years after the coaching, or the licence
        promise("P-1.2.6.7", Category.CONTACT, CLIENT, "2022-06-30"),
        promise("P-1.2.6.7", Category.DOSSIER, CLIENT, "2022-06-30"),
        promise("P-1.3.5.6", Category.COACH, CLIENT, "2022-10-01"),
        # at closing, or pseudonymised to learn from
        promise("R-Tr.4 R-Re.6", Category.CONTACT, CLIENT, "2020-06-30"),
        promise("R-Tr.4 R-Re.6", Category.DOSSIER, CLIENT, "2020-06-30"),
        promise("R-Tr.4 R-Re.6", Category.PROFILE, CLIENT, "2020-06-30"),
        promise("R-Tr.4 R-Re.6", Category.REPORT, CLIENT, "2020-06-30"),
        promise("R-Tr.4 R-Re.6", Category.DRAFT, PROSPECT, "2020-06-30"),
        promise("R-Tr.4", Category.LEARNING, CLIENT, "2025-06-30"),
        # seven years after the last contact; paper at the end of the guidance
        promise("B-10.1", Category.DOSSIER, CLIENT, "2027-05-20"),
        promise("B-10.1", Category.DRAFT, CLIENT, "2027-05-20"),
        promise("B-10.1", Category.APPOINTMENT, CLIENT, "2027-05-20"),
        promise("B-10.1", Category.PAPER, CLIENT, "2020-06-30"),
    ],
)
def test_what_is_held_goes_on_the_day_that_was_promised(
    policy: Policy, category: Category, engaged: bool, due: str
) -> None:
    assert str(term(retention_rules(policy), category, life(engaged=engaged)).due) == due


@pytest.mark.parametrize(
    ("policy", "category", "gone_by"),
    [
        promise("R-Tr.4", Category.CONTACT, "2020-07-07"),  # within a week, as this program promises for it
        promise("B-10.2", Category.DOSSIER, "2028-05-20"),  # destroyed within a year after the seven
    ],
)
def test_it_is_gone_within_the_time_that_was_given_for_it(policy: Policy, category: Category, gone_by: str) -> None:
    assert str(term(retention_rules(policy), category, life()).gone_by) == gone_by


@pytest.mark.parametrize(
    ("policy", "kept_until"),
    [
        promise("J-4.2 J-7d.5", "2028-01-01"),
        promise("J-4.5", "2028-01-01"),
        promise("K-12", "2028-01-01"),
        promise("P-1.3.5.6", "2028-01-01"),
        promise("R-Re.6", "2028-01-01"),
    ],
)
def test_what_the_law_wants_of_an_invoice_stays_seven_years_after_its_book_year_and_not_a_day_longer(
    policy: Policy, kept_until: str
) -> None:
    assert str(term(retention_rules(policy), Category.INVOICE, life(), "number").due) == kept_until


@pytest.mark.parametrize(("policy", "due"), [promise("K-12", "2024-03-03"), promise("R-Tr.4 R-Re.6", "2019-03-03")])
def test_who_does_not_become_a_client_is_closed_by_the_quote_that_lapsed(policy: Policy, due: str) -> None:
    lapsed = life(engaged=PROSPECT, closed=None, lapsed=date(2019, 3, 3))
    assert str(term(retention_rules(policy), Category.CONTACT, lapsed).due) == due


@pytest.mark.clause("R-Tr.6")
def test_name_and_address_to_stay_in_touch_stay_until_she_takes_that_back() -> None:
    rules = retention_rules(POLICIES["refleact"])
    assert term(rules, Category.KEEP_IN_TOUCH, life()).due is None
    assert str(term(rules, Category.KEEP_IN_TOUCH, life(withdrawn=date(2031, 2, 3))).due) == "2031-02-03"


@pytest.mark.clause("B-10.1")
def test_paper_is_destroyed_and_not_only_deleted() -> None:
    assert term(retention_rules(POLICIES["ballance"]), Category.PAPER, life()).end is Leaving.DESTROY_PAPER


@pytest.mark.clause("J-4.0", "K-00", "J-1a")
@pytest.mark.parametrize("name", POLICIES)
def test_everything_that_is_kept_has_an_end(name: str) -> None:
    rules = retention_rules(POLICIES[name])
    for category in HELD | IN_COURSE:
        ends = [rule for rule in rules if category in rule.covers and not rule.fields]
        assert ends and all(rule.promise or rule.ceiling or rule.floor for rule in ends), category


@pytest.mark.clause("J-3.0")
def test_every_term_rests_on_consent_the_agreement_or_the_law() -> None:
    bases = {rule.basis for rule in POLICIES["ken-jezelf"].retention}
    assert bases <= {"consent", "explicit_consent", "contract", "legal_obligation"}


@pytest.mark.clause("P-1.2.3.1", "P-1.3.3.1")
def test_what_carries_out_the_agreement_rests_on_the_agreement() -> None:
    rules = {rule.id: rule for rule in POLICIES["pluform"].retention}
    assert rules["pluform.client"].basis == rules["pluform.coach"].basis == "contract"
    assert rules["pluform.client"].promise is Until.PURPOSE_ENDED


SENT = datetime(2026, 1, 31, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("policy", "kind", "after", "due", "gone_by"),
    [
        promise("K-08", MailKind.PROFILE, Deleted.ACCEPTED, "2026-01-31T10", "2026-01-31T11"),
        promise("K-10", MailKind.REPORT, Deleted.ACCEPTED, "2026-01-31T10", "2026-01-31T11"),
        promise("J-6.2d", MailKind.QUOTE, Deleted.WITH_CONTENTS, "2026-01-31T10", "2026-04-30T10"),
        promise("J-6.2d", MailKind.UNLINKED, Deleted.RECEIVED, "2028-01-31T10", "2028-04-30T10"),
        promise("J-6.2d", MailKind.PROFILE, Deleted.WITH_CONTENTS, "2026-01-31T10", "2026-04-30T10"),
        promise("R-Tr.4", MailKind.REPORT, Deleted.WITH_CONTENTS, "2026-01-31T10", "2026-02-07T10"),
        promise("R-Tr.4 R-Re.6", MailKind.CONSENT, Deleted.WITH_CONTENTS, "2026-01-31T10", "2026-02-07T10"),
    ],
)
def test_a_mail_goes_when_that_was_promised(
    policy: Policy, kind: MailKind, after: Deleted, due: str, gone_by: str
) -> None:
    found = mail_term(policy.mail, MailLife(frozenset({kind}), {after: SENT}))
    assert found is not None
    assert (found.due.isoformat()[:13], found.gone_by.isoformat()[:13]) == (due, gone_by)
    assert mail_term(policy.mail, MailLife(frozenset({kind}))) is None  # before that, nothing says it must
