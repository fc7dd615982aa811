"""Ken Jezelf Coaching: nothing of the sessions without her explicit yes, and nothing of it to who pays, ever."""

from __future__ import annotations

from datetime import date

import pytest

from tests.mailstack.fixtures import needs_servers
from tests.stories import acts, remains
from tests.stories.conftest import Begins
from tests.stories.story import Story
from tests.stories.table import printed, table

SAID = {what: text for what, text in acts.said("ken-jezelf").items() if what not in {"report 2", "wish", "link"}}
ANSWERS = {"coaching": True, "dossier": True, "keep_in_touch": True}
TABLE = """\
J-1a      kept               declared
J-1b      kept               declared
J-1c      attested      ran  attested
J-1d      not kept yet
J-2a      kept          ran  declared
J-2b      kept               declared
J-3.0     kept               declared
J-3.1     kept          ran  declared
J-3.2     kept          ran  declared
J-3.3     kept          ran  declared
J-3.4     kept          ran  declared
J-3.5     kept          ran  declared
J-3.6     kept          ran  declared
J-4.0     kept               declared
J-4.1     kept               declared
J-4.2     kept          ran  commanded
J-4.3     kept          ran  observed_absent
J-4.4     kept          ran  commanded
J-4.5     kept          ran  commanded
J-4.6     kept          ran  commanded
J-5.0     kept          ran  declared
J-5.1     kept               declared
J-5.2     kept               declared
J-5.3     kept               declared
J-5.4     kept               declared
J-6.1     partly        ran  attested
J-6.2a    attested      ran  attested
J-6.2b    not kept yet
J-6.2c    attested      ran  attested
J-6.2d    kept          ran  observed_absent
J-6.3     attested      ran  attested
J-6.4     attested      ran  attested
J-7a      not kept yet
J-7b      not kept yet
J-7c      not kept yet
J-7d.1    partly        ran  commanded
J-7d.2    not kept yet
J-7d.3    not kept yet
J-7d.4    not kept yet
J-7d.5    partly        ran  commanded
J-7d.6    not kept yet
J-7e      not kept yet
J-7f      not kept yet
J-7g      not kept yet
J-7h      partly
J-7i      partly
J-7j      not kept yet
J-8a      kept               declared
J-8b      kept          ran  declared
J-8c      kept               declared
J-8d      kept               declared
J-9       kept               declared
"""
WENT = {
    "2023-02-07": "employer sponsor",
    "2025-02-07": "appointment client drafts goal profile report",
    "2027-01-08": "rest",
    "2027-02-07": "consent mail_in mail_out offer quote signed_consent signed_quote",
    "2028-01-01": "statutory",
}
"""After closing: other customer data three years, her file and address five, the agreement seven; the invoice apart."""


@needs_servers
@pytest.mark.clause("J-2a", "J-3.1", "J-3.2", "J-3.3", "J-3.6", "J-4.2", "J-4.3", "J-4.4", "J-4.5", "J-4.6", "J-5.0")
@pytest.mark.clause("J-5.4", "J-6.2d")
def test_ken_jezelf_keeps_its_word_from_the_dropped_file_to_the_last_byte(
    begins: Begins, capsys: pytest.CaptureFixture[str]
) -> None:
    story = begins("ken-jezelf")
    _opens(story)
    _dossier(story)
    _closes(story)
    _years(story)
    assert table(story) == TABLE.strip()
    assert printed(story, capsys) == list(story.practice.policy.clauses)


def _opens(story: Story) -> None:
    """She does not want a file of the sessions: neither profile nor report is taken in."""
    acts.quote_and_consent(story, ANSWERS | {"dossier": False})
    acts.talks(story)
    assert "J-3.6" in acts.profile(story)
    assert "J-3.6" in acts.report(story, acts.FIRST)
    assert story.client.got == ["consent v1", "consent v1 countersigned", *acts.APPOINTMENTS]


def _dossier(story: Story) -> None:
    """Then she does, and what lay waiting comes to her; whatever she says, none of it goes to who pays."""
    story.client.signs(ANSWERS, "Bij nader inzien graag wel.")
    story.coach.agrees("return")
    assert story.client.got[6:] == ["profile v1", "report v1"]
    assert "Het verslag gaat naar niemand anders." in story.client.newest.text
    story.client.answers("Stuur het gerust door naar mijn werkgever.")
    story.days_pass(30)
    story.coach.agrees("attest")
    assert story.sponsor.got == ["quote v1", "invoice v1", "quote v1 countersigned"]
    assert remains.anywhere(story, SAID) == set(SAID)


def _closes(story: Story) -> None:
    """The invoice is paid, and the coaching is over."""
    assert story.coach.is_paid() == "F2020-0001"
    assert story.coach.closes() == date(2020, 2, 7)


def _years(story: Story) -> None:
    """Each part goes on its own day and not before; mail that carried it goes at the next cleaning, within months."""
    story.years_pass_to(date(2023, 2, 6))
    assert remains.anywhere(story, SAID) == set(SAID)
    story.years_pass_to(date(2025, 6, 1))
    left = remains.anywhere(story, SAID)
    assert not left & {"client.role", "client.organisation", "client.phone", "goal", "place", "report 1"}
    mail = str(story.coach.mailbox()) + str(remains.mailed(story))
    assert "profile" not in mail and "appointment" not in mail and "report" not in mail
    story.years_pass_to(date(2027, 6, 1))
    assert remains.everything(story, SAID) == remains.the_books(story)
    story.years_pass_to(date(2028, 1, 3))
    assert remains.everything(story, SAID) == remains.nothing(story)
    assert remains.went(story) == WENT
