"""When the copies of a mail go: counted from what happened to it, by the first rule that asks for it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.model import Kind, Purpose
from pipeline.policy.mailterms import MailLife, filed_at_all, kinds_of, mail_term
from pipeline.policy.period import Period
from pipeline.policy.schema.mail import Deleted, MailKind, MailRule

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
on = pytest.mark.parametrize


def rule(covers: str, after: str, wait: str = "P0D", within: str = "PT1H") -> MailRule:
    """Give a rule as it stands in a policy."""
    return MailRule.model_validate(
        {"id": f"mine.{covers}_{after}", "covers": [covers], "after": after, "wait": wait, "within": within}
    )


@on(
    ("purpose", "carried", "kinds"),
    [
        (Purpose.DOCUMENTS, [Kind.QUOTE, Kind.CONSENT], {MailKind.QUOTE, MailKind.CONSENT}),
        (Purpose.REMINDER, [Kind.QUOTE], {MailKind.REMINDER, MailKind.QUOTE}),
        (Purpose.COUNTERSIGNED, [Kind.QUOTE], {MailKind.COUNTERSIGNED}),
        (Purpose.NOTE, [Kind.QUOTE], {MailKind.NOTE}),
        (Purpose.DAILY, [], {MailKind.DAILY}),
    ],
)
def test_a_mail_is_what_it_goes_out_for_and_what_it_brings_to_be_signed(
    purpose: Purpose, carried: list[Kind], kinds: set[MailKind]
) -> None:
    assert kinds_of(purpose, carried) == kinds


def test_every_purpose_of_a_mail_makes_it_some_kind_that_a_rule_can_cover() -> None:
    assert all(kinds_of(purpose, Kind) for purpose in Purpose)


@on(
    ("after", "wait", "due"),
    [
        ("accepted", "P0D", NOON),
        ("answered", "P0D", NOON + timedelta(days=3)),
        ("accepted", "P1M", NOON.replace(month=12)),
    ],
)
def test_a_mail_goes_after_its_event_and_its_wait(after: str, wait: str, due: datetime) -> None:
    happened = {Deleted.ACCEPTED: NOON, Deleted.ANSWERED: NOON + timedelta(days=3)}
    term = mail_term([rule("quote", after, wait)], MailLife(frozenset({MailKind.QUOTE}), happened))
    assert term is not None
    assert (term.due, term.gone_by, term.at_once) == (due, due + timedelta(hours=1), wait == "P0D")


@on("after", ["answered", "with_contents", "filed", "received"])
def test_while_its_event_has_not_happened_a_mail_has_no_term(after: str) -> None:
    life = MailLife(frozenset({MailKind.QUOTE}), {Deleted.ACCEPTED: NOON})
    assert mail_term([rule("quote", after), rule("consent", "accepted")], life) is None


EVENTS = st.dictionaries(
    st.sampled_from(list(Deleted)), st.integers(0, 25_000).map(lambda days: NOON + timedelta(days=days))
)
RULES = st.lists(
    st.builds(
        rule, st.sampled_from(["quote", "consent", "note"]), st.sampled_from([str(one) for one in Deleted]),
        st.sampled_from(["P0D", "P1D", "P1M", "P1Y", "PT48H"]),
    )
)  # fmt: skip


@given(rules=RULES, happened=EVENTS, kinds=st.frozensets(st.sampled_from([MailKind.QUOTE, MailKind.NOTE])))
def test_the_first_rule_decides_and_no_mail_goes_before_what_its_rule_waits_for(
    rules: list[MailRule], happened: dict[Deleted, datetime], kinds: frozenset[MailKind]
) -> None:
    term = mail_term(rules, MailLife(kinds, happened))
    due = [
        one.wait.after_moment(happened[one.after]) for one in rules if one.after in happened and kinds & {*one.covers}
    ]
    assert (term.due if term else None) == min(due, default=None)
    if term:
        assert happened[term.rule.after] <= term.due <= term.gone_by


@on(
    ("one", "filed"),
    [
        (rule("quote", "accepted"), False),
        (rule("quote", "accepted", "PT1H"), True),
        (rule("quote", "answered"), True),
        (rule("consent", "accepted"), True),
    ],
)
def test_no_copy_is_filed_of_what_goes_at_its_acceptance(one: MailRule, filed: bool) -> None:
    assert filed_at_all([one], {MailKind.QUOTE}) is filed


def test_at_once_is_without_any_wait() -> None:
    assert Period() == rule("quote", "accepted").wait
