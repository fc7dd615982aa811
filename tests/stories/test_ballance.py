"""Ballance: every report to her first, corrected as she wishes; paper goes at the end, the rest after seven years."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from tests.mailstack.fixtures import needs_servers
from tests.stories import acts, remains
from tests.stories.conftest import Begins
from tests.stories.story import Story
from tests.stories.table import printed, table, why_not

SAID = acts.said("ballance")
TABLE = """\
B-0b      kept               declared
B-2.1     kept          ran  declared
B-2.2     not kept yet
B-3.1     kept          ran  attested
B-4.1b    attested      ran  attested
B-4.1c    not kept yet
B-4.1d    not kept yet
B-4.1e    by hand
B-4.1f    attested      ran  attested
B-4.1g    kept          ran  declared
B-5.1     not kept yet
B-5.2     partly        ran  attested
B-5.3     kept               declared
B-5.4     kept               declared
B-6.1     attested      ran  attested
B-7.1     not kept yet
B-7.2     not kept yet
B-7.3     not kept yet
B-7.4     by hand
B-7.5     not kept yet
B-7.6     not kept yet
B-8.1     not kept yet
B-8.2     not kept yet
B-8.3     not kept yet
B-8.4     not kept yet
B-9.1     kept          ran  declared
B-9.2     kept          ran  declared
B-10.1    kept          ran  commanded
B-10.2    kept          ran  commanded
B-11.1    not kept yet
B-11.2    not kept yet
"""
WENT = {
    "2027-02-07": "appointment approval client consent drafts employer goal invitation mail_in mail_out offer profile"
    " quote report signed_consent signed_quote sponsor",
    "2028-01-01": "rest statutory",
}
"""The digital dossier seven years after the last contact, on the first day of the year that destroying may take."""


@needs_servers
@pytest.mark.clause("B-2.1", "B-3.1", "B-4.1g", "B-9.1", "B-9.2", "B-10.1", "B-10.2")
def test_ballance_keeps_its_word_from_the_dropped_file_to_the_last_byte(
    begins: Begins, capsys: pytest.CaptureFixture[str]
) -> None:
    story = begins("ballance")
    _opens(story)
    _report(story)
    _closes(story)
    _years(story)
    assert table(story) == TABLE.strip()
    assert printed(story, capsys) == list(story.practice.policy.clauses)
    assert why_not(story) == {
        "B-4.1e": "wat niet voorzien is, kan geen regel beslissen",
        "B-7.4": "welke vorm iemand helpt, beslist een mens",
    }


def _opens(story: Story) -> None:
    """She lets her data be shared with who pays; of her profile she is asked once more, and says yes."""
    acts.quote_and_consent(story, {"coaching": True, "report_receive": True, "share": True})
    acts.talks(story)
    assert acts.invited(story) + acts.profile(story) == ""
    assert story.sponsor.got == ["quote v1", "invoice v1", "quote v1 countersigned"]
    story.client.answers("Ja.")
    assert story.sponsor.got[3:] == ["profile v1"]
    assert story.sponsor.documents()["profile v1"] == story.client.documents()["profile v1"]


def _report(story: Story) -> None:
    """She has the report corrected, and says on the form that it may go on; what she saw is what goes."""
    story.days_pass(30)
    story.coach.agrees("attest")
    assert acts.report(story, acts.FIRST) == ""
    story.client.answers(acts.WISH)
    story.coach.agrees("changes")
    assert acts.report(story, acts.SECOND) == ""
    story.client.signs({"release": True}, "Zo is het goed.")
    assert "report" not in str(story.sponsor.got)
    story.coach.agrees("return")
    assert story.sponsor.got[4:] == ["report v2"]
    assert story.sponsor.documents()["report v2"] == story.client.documents()["report v2"]
    assert remains.anywhere(story, SAID) == set(SAID)


def _closes(story: Story) -> None:
    """The invoice is paid, the coaching is over, and what is on paper is destroyed, as the coach says herself."""
    assert story.coach.is_paid() == "F2020-0001"
    assert story.coach.closes() == date(2020, 2, 7)
    assert "2020-02-21" in story.coach.reasons
    story.coach.agrees("paper")


def _years(story: Story) -> None:
    """Seven years after the last contact it goes; of an invoice the statement does not speak, the law does."""
    story.years_pass_to(date(2027, 2, 6))
    assert remains.anywhere(story, SAID) == set(SAID)
    story.years_pass_to(date(2027, 12, 31))
    books = remains.the_books(story, beside=["sponsor.contact", "sponsor.kvk", "sponsor.purchase_order"])
    assert remains.everything(story, SAID) == replace(books, files=["invoice v1", "invoice v1 as xml"])
    story.years_pass_to(date(2028, 1, 3))
    assert remains.everything(story, SAID) == remains.nothing(story)
    assert remains.went(story) == WENT
