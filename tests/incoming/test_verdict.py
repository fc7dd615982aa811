"""What a returned document is: signed only when nothing is in doubt, and booked by itself only on sure ground."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.incoming.verdict import Expected, answer, judge, same_name
from pipeline.model import Verdict
from pipeline.reading.findings import Certificate, Content, Findings, Ink, PageFinding, Tick, Way

ASKED = ("coaching", "profile_take")
EXPECTED = Expected(version=1, newest=1, pages=2, purposes=ASKED, sender_sure=True, signer="Sanne Jansen")
TICKS = {
    "coaching-yes": Tick.TICKED, "coaching-no": Tick.EMPTY,
    "profile_take-yes": Tick.EMPTY, "profile_take-no": Tick.TICKED,
}  # fmt: skip
PAGES = (PageFinding(1, 0, 0, Content.UNCHANGED), PageFinding(2, 0, 1, Content.UNCHANGED))
GOOD = Findings(PAGES, Ink.SIGNED, Way.CERTIFICATE, Certificate(intact=True, signer="JANSEN, Sanne"), TICKS, Way.FIELDS)


def test_whole_unchanged_current_signed_and_answered_is_signed() -> None:
    judged = judge(EXPECTED, GOOD)
    assert (judged.verdict, judged.reasons, judged.books_itself) == (Verdict.SIGNED, (), True)
    assert judged.answers == {"coaching": True, "profile_take": False}


@pytest.mark.parametrize(
    ("found", "verdict", "why"),
    [
        (replace(GOOD, as_sent=True), Verdict.NOT_SIGNED, "returned_as_sent"),
        (replace(GOOD, pages=(PAGES[0], PageFinding(2, 0, 1, Content.CHANGED))), Verdict.ALTERED, "page_changed"),
        (replace(GOOD, certificate=Certificate(intact=False)), Verdict.ALTERED, "certificate_broken"),
        (replace(GOOD, pages=PAGES[:1]), Verdict.INCOMPLETE, "pages_missing"),
        (replace(GOOD, signature=Ink.EMPTY), Verdict.NOT_SIGNED, "box_empty"),
        (replace(GOOD, signature=Ink.UNSURE), Verdict.LOOK, "signature_unsure"),
        (replace(GOOD, pages=(PAGES[0], PageFinding(2, 0, 1, Content.UNSURE))), Verdict.LOOK, "page_unsure"),
        (replace(GOOD, boxes=TICKS | {"coaching-no": Tick.TICKED}), Verdict.LOOK, "question_open"),
        (replace(GOOD, boxes=TICKS | {"coaching-yes": Tick.EMPTY}), Verdict.LOOK, "question_open"),
        (replace(GOOD, boxes={}), Verdict.LOOK, "question_open"),
        (replace(GOOD, reasons=(("active_content", {"what": "javascript"}),)), Verdict.LOOK, "active_content"),
    ],
)
def test_every_doubt_has_its_verdict_and_reason(found: Findings, verdict: Verdict, why: str) -> None:
    judged = judge(EXPECTED, found)
    assert (judged.verdict, judged.books_itself) == (verdict, False)
    assert why in [word for word, _ in judged.reasons]


def test_a_superseded_or_expired_paper_is_never_taken_as_signed() -> None:
    assert judge(replace(EXPECTED, newest=2), GOOD).verdict is Verdict.LOOK
    assert judge(replace(EXPECTED, expired=True), GOOD).verdict is Verdict.LOOK


@pytest.mark.parametrize(
    ("found", "sure", "confirm", "itself"),
    [
        (GOOD, True, "pictures", True),
        (GOOD, False, "pictures", False),
        (GOOD, True, "always", False),
        (replace(GOOD, signature_way=Way.PIXELS, certificate=None), True, "pictures", False),
        (replace(GOOD, boxes_way=Way.PIXELS), True, "pictures", False),
        (replace(GOOD, certificate=Certificate(intact=True, signer="Kim Jansen")), True, "pictures", False),
        (replace(GOOD, signature_way=Way.PIXELS, boxes_way=Way.PIXELS, certificate=None), True, "never", True),
        (replace(GOOD, signature_way=Way.PIXELS, boxes_way=Way.PIXELS, certificate=None), False, "never", False),
    ],
)
def test_what_books_itself(found: Findings, sure: bool, confirm: str, itself: bool) -> None:
    assert judge(replace(EXPECTED, sender_sure=sure, confirm=confirm), found).books_itself is itself


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Sanne Jansen", "JANSEN SANNE", True),
        ("Zoë Müller", "Zoe Muller", True),
        ("Sanne Maria Jansen", "Sanne Jansen", True),
        ("Sanne Jansen", "Kim Jansen", False),
        ("Jansen", "Jansen", False),
        ("", "Sanne Jansen", False),
        ("", "", False),
    ],
)
def test_a_signature_must_bear_the_name_of_who_must_sign(one: str, other: str, *, same: bool) -> None:
    assert same_name(one, other) is same


def test_an_answer_needs_one_clear_box_and_one_clearly_empty_one() -> None:
    pairs = {(yes, no): answer(Findings(boxes={"a-yes": yes, "a-no": no}), "a") for yes in Tick for no in Tick}
    assert {pair for pair, given in pairs.items() if given is True} == {(Tick.TICKED, Tick.EMPTY)}
    assert {pair for pair, given in pairs.items() if given is False} == {(Tick.EMPTY, Tick.TICKED)}


FINDINGS = st.builds(
    Findings,
    pages=st.lists(st.builds(PageFinding, st.integers(1, 3), st.just(0), st.just(0), st.sampled_from(Content))).map(
        tuple
    ),
    signature=st.sampled_from(Ink),
    signature_way=st.sampled_from(Way),
    certificate=st.none() | st.builds(Certificate, intact=st.booleans()),
    boxes=st.dictionaries(st.sampled_from(list(TICKS)), st.sampled_from(Tick)),
    boxes_way=st.sampled_from(Way),
    as_sent=st.booleans(),
    reasons=st.sampled_from([(), (("active_content", {}),)]),
)


@given(FINDINGS, st.booleans(), st.sampled_from(["pictures", "always", "never"]), st.integers(1, 2), st.booleans())
def test_nothing_in_doubt_is_ever_signed_and_nothing_unsigned_books_itself(
    found: Findings, sure: bool, confirm: str, newest: int, expired: bool
) -> None:
    judged = judge(Expected(1, newest, 2, ASKED, sure, expired, confirm), found)
    if judged.verdict is Verdict.SIGNED:
        assert found.signature is Ink.SIGNED and not found.as_sent and newest == 1 and not expired
        assert {page.number for page in found.pages} >= {1, 2}
        assert all(page.content is Content.UNCHANGED for page in found.pages)
        assert set(judged.answers) == set(ASKED)
    else:
        assert judged.reasons
    if judged.books_itself:
        assert judged.verdict is Verdict.SIGNED and sure and confirm != "always"
