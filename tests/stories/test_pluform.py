"""Pluform, the place where coach and client work together: two years, and what only a person can promise."""

from __future__ import annotations

from datetime import date

import pytest

from tests.mailstack.fixtures import needs_servers
from tests.stories import acts, remains
from tests.stories.conftest import Begins
from tests.stories.story import Story
from tests.stories.table import printed, table, why_not

SAID = {what: text for what, text in acts.said("pluform").items() if what != "wish"}
TABLE = """\
P-1.1.6   attested      ran  attested
P-1.1.9   not kept yet
P-1.1.11  kept          ran  declared
P-1.2.1   kept          ran  declared
P-1.2.2a  partly        ran  declared
P-1.2.2c  kept          ran  declared
P-1.2.3.1 kept               declared
P-1.2.3.2 cannot
P-1.2.3.3 not kept yet
P-1.2.4   kept               declared
P-1.2.5.1 not kept yet
P-1.2.5.2 not kept yet
P-1.2.5.3 not kept yet
P-1.2.6.1 not kept yet
P-1.2.6.2 not kept yet
P-1.2.6.3 not kept yet
P-1.2.6.4 not kept yet
P-1.2.6.5 not kept yet
P-1.2.6.6 not kept yet
P-1.2.6.7 kept          ran  commanded
P-1.2.6.8 kept          ran  declared
P-1.2.6.9 not kept yet
P-1.3.1   kept               declared
P-1.3.2   partly
P-1.3.3.1 kept               declared
P-1.3.3.2 cannot
P-1.3.3.3 not kept yet
P-1.3.4.1 attested      ran  attested
P-1.3.4.2 kept               declared
P-1.3.5.1 not kept yet
P-1.3.5.2 not kept yet
P-1.3.5.3 not kept yet
P-1.3.5.4 not kept yet
P-1.3.5.5 not kept yet
P-1.3.5.6 kept          ran  unrecoverable_inside
P-1.3.5.7 kept               declared
P-1.3.5.8 not kept yet
P-V       kept               declared
"""
WENT = {
    "2022-02-07": "appointment approval client consent drafts employer goal invitation mail_in mail_out offer profile"
    " quote report signed_consent signed_quote sponsor",
    "2023-01-01": "rest",
    "2028-01-01": "statutory",
}
"""What is the client's two years after closing; of the invoice what the law does not name two after its book year."""


@needs_servers
@pytest.mark.clause("P-1.1.11", "P-1.2.1", "P-1.2.2c", "P-1.2.6.7", "P-1.2.6.8", "P-1.3.5.6")
def test_pluform_keeps_its_word_from_the_dropped_file_to_the_last_byte(
    begins: Begins, capsys: pytest.CaptureFixture[str]
) -> None:
    story = begins("pluform")
    _opens(story)
    _report(story)
    _closes(story)
    _years(story)
    assert table(story) == TABLE.strip()
    assert printed(story, capsys) == list(story.practice.policy.clauses)
    cannot = "een regel die op deze grondslag rust, zou zeggen dat een vertrouwelijk gesprek openbaar is"
    assert why_not(story) == {"P-1.2.3.2": cannot, "P-1.3.3.2": cannot}


def _opens(story: Story) -> None:
    """She may be invited to the place online, and takes a profile, which is hers alone: no gate lets it go on."""
    acts.quote_and_consent(story, {"platform": True, "transfer": False})
    acts.talks(story)
    assert acts.invited(story) + acts.profile(story) == ""
    assert story.client.got[2:] == [*acts.APPOINTMENTS, "Documenten", "profile v1"]
    assert "opdrachtgever" not in story.client.newest.text


def _report(story: Story) -> None:
    """No policy need say so: to the first version she says no, and only the second, to which she says yes, goes on."""
    story.days_pass(30)
    story.coach.agrees("attest")
    assert acts.report(story, acts.FIRST) == ""
    story.client.answers("Nee, liever niet.")
    story.coach.agrees("not_approved")
    assert acts.report(story, acts.SECOND) == ""
    story.client.answers("Ja, akkoord.")
    assert story.sponsor.got == ["quote v1", "invoice v1", "quote v1 countersigned", "report v2"]
    assert story.sponsor.documents()["report v2"] == story.client.documents()["report v2"]
    assert remains.anywhere(story, SAID) == set(SAID)


def _closes(story: Story) -> None:
    """The invoice is paid, and the coaching is over."""
    assert story.coach.is_paid() == "F2020-0001"
    assert story.coach.closes() == date(2020, 2, 7)


def _years(story: Story) -> None:
    """In no case longer than two years; of the books what the law names stays to the end of its own term."""
    story.years_pass_to(date(2022, 2, 6))
    assert remains.anywhere(story, SAID) == set(SAID)
    story.years_pass_to(date(2023, 1, 3))
    assert remains.everything(story, SAID) == remains.the_books(story)
    story.years_pass_to(date(2028, 1, 3))
    assert remains.everything(story, SAID) == remains.nothing(story)
    assert remains.went(story) == WENT
