"""KLEUR!: a profile for nobody else's eyes, a report by her leave alone, mail that goes the hour it was sent."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tests.mailstack.fixtures import needs_servers
from tests.mailstack.profiles import Name
from tests.mailstack.stack import MailStack
from tests.stories import acts, remains
from tests.stories.conftest import Begins
from tests.stories.letters import inside, words
from tests.stories.story import Story, told
from tests.stories.table import printed, table

SAID = acts.said("kleur")
ANSWERS = {
    "coaching": True, "profile_take": True, "profile_share": False, "report_receive": True, "keep_in_touch": False,
}  # fmt: skip
TABLE = """\
K-00      kept               declared
K-01      kept          ran  attested
K-02      kept          ran  declared
K-03      kept          ran  declared
K-04      kept          ran  declared
K-05      partly        ran  attested
K-06      kept          ran  declared
K-07      attested      ran  attested
K-08      kept          ran  observed_absent
K-09      kept          ran  declared
K-10      kept          ran  observed_absent
K-11a     kept          ran  declared
K-11b     not kept yet
K-11c     kept               declared
K-12      kept          ran  commanded
K-13      attested      ran  attested
K-14      not kept yet
K-15      partly        ran  attested
K-16      attested      ran  attested
K-17      attested      ran  attested
K-18      not kept yet
K-19      not kept yet
K-20      not kept yet
K-21      kept               declared
"""
WENT = {
    "2020-02-07": "drafts",
    "2025-02-07": "appointment approval client consent employer goal invitation mail_in mail_out offer profile quote"
    " report rest signed_consent signed_quote sponsor",
    "2028-01-01": "statutory",
}
"""The drafts when the approved report went on, nearly all five years after closing, the books after the fiscal term."""


@needs_servers
@pytest.mark.clause("K-02", "K-03", "K-04", "K-06", "K-08", "K-09", "K-10", "K-11a", "K-12")
def test_kleur_keeps_its_word_from_the_dropped_file_to_the_last_byte(
    begins: Begins, capsys: pytest.CaptureFixture[str]
) -> None:
    story = begins("kleur")
    _tell(story)
    assert table(story) == TABLE.strip()
    assert printed(story, capsys) == list(story.practice.policy.clauses)


@needs_servers
@pytest.mark.long
@pytest.mark.clause("K-08", "K-10", "K-12")
@pytest.mark.parametrize(("provider", "sent"), [("gmail", "server"), ("exchange", "server\n  sent_folder: Sent Items")])
def test_the_same_holds_at_a_provider_that_files_sent_mail_by_itself(provider: Name, sent: str, tmp_path: Path) -> None:
    with (
        MailStack(["oma@home.example"], profile=provider) as server,
        told("kleur", tmp_path, server, sent_copy=sent, small=False) as story,
    ):
        _tell(story)
        assert table(story) == TABLE.strip()


def _tell(story: Story) -> None:
    _opens(story)
    _profile(story)
    _report(story)
    _closes(story)
    _years(story)


def _opens(story: Story) -> None:
    """The sponsor signs the quote, on which her goal does not stand; the client says yes to a profile, for herself."""
    acts.quote_and_consent(story, ANSWERS)
    acts.talks(story)
    notes = acts.TALK.format(day="2020-03-05", more="verslag: zij vertelde over haar moeder\n")
    assert "K-11a" in story.coach.drops(notes, f"{story.reference}.yaml", "appointments")
    story.coach.takes_back(f"{story.reference}.yaml", "appointments")
    assert story.sponsor.got == ["quote v1", "invoice v1", "quote v1 countersigned"]
    assert story.client.got == ["consent v1", "consent v1 countersigned", *acts.APPOINTMENTS]
    theirs = story.sponsor.documents()
    assert not any(acts.GOAL in words(theirs[name]) for name in story.sponsor.got)
    assert inside(theirs["invoice v1"]) == {"factur-x.xml"}


def _profile(story: Story) -> None:
    """She is invited; the profile of somebody else is caught, her own comes to her alone, and its mail is gone."""
    assert acts.invited(story) == ""
    assert acts.LINK in story.client.newest.text and "gdpr.sisurvey.eu" in story.client.newest.text
    assert acts.profile(story, "Bert Bakker") == "" and story.coach.waits == {"addressee"}
    story.coach.refuses("addressee")
    assert acts.profile(story) == "" and story.coach.waits == set()
    assert story.client.got[-2:] == ["Documenten", "profile v2"]
    story.an_hour_passes()
    assert "profile" not in str(story.coach.mailbox()) and "profile v2" not in remains.mailed(story)


def _report(story: Story) -> None:
    """Of the first version she wishes something changed; of the second she says yes, and it goes on to the byte."""
    story.days_pass(30)
    story.coach.agrees("attest")
    assert acts.report(story, acts.FIRST) == ""
    story.client.answers(acts.WISH)
    story.coach.agrees("changes")
    assert acts.report(story, acts.SECOND) == ""
    assert "report" not in str(story.sponsor.got)
    assert remains.anywhere(story, SAID) == set(SAID)
    story.client.answers("Ja, akkoord.")
    assert story.sponsor.got[-1] == "report v2"
    assert story.sponsor.documents()["report v2"] == story.client.documents()["report v2"]
    story.an_hour_passes()
    assert "report" not in str(story.coach.mailbox()) + str(remains.mailed(story))
    assert [name for name in remains.stored(story) if "report" in name] == ["report v2"]


def _closes(story: Story) -> None:
    """The invoice is paid, and the coaching is over."""
    assert story.coach.is_paid() == "F2020-0001"
    assert story.coach.closes() == date(2020, 2, 7)


def _years(story: Story) -> None:
    """Nothing goes before its day; after it only the books are left, and then they go too."""
    story.years_pass_to(date(2025, 2, 6))
    assert remains.anywhere(story, SAID) >= set(acts.typed("kleur"))
    story.years_pass_to(date(2027, 12, 31))
    assert remains.everything(story, SAID) == remains.the_books(story)
    story.years_pass_to(date(2028, 1, 3))
    assert remains.everything(story, SAID) == remains.nothing(story)
    assert remains.went(story) == WENT
