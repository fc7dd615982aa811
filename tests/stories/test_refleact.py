"""Refleact: no personal data in mail, all gone at closing, and a name kept only of who wishes to stay in touch."""

from __future__ import annotations

from datetime import date

import pytest

from pipeline.press import protect
from tests.mailstack.fixtures import needs_servers
from tests.retention.story import found_in, needles
from tests.stories import acts, remains
from tests.stories.conftest import Begins
from tests.stories.story import Story
from tests.stories.table import printed, table

SAID = acts.said("refleact")
NAMES = needles(acts.typed("refleact"))
TABLE = """\
R-Al.1    attested      ran  attested
R-Al.2    partly        ran  declared
R-Al.3    kept          ran  declared
R-Mi.1    kept          ran  declared
R-Do.1    kept          ran  declared
R-Do.2    kept          ran  declared
R-Do.3    kept          ran  declared
R-Do.4    kept          ran  declared
R-Tr.1    partly        ran  attested
R-Tr.2    attested      ran  attested
R-Tr.3    kept               declared
R-Tr.4    kept          ran  observed_absent
R-Tr.5    kept               declared
R-Tr.6    kept          ran  unrecoverable_inside
R-Tr.7    kept          ran  declared
R-Re.1    kept               declared
R-Re.2    not kept yet
R-Re.3    kept          ran  declared
R-Re.4    kept          ran  declared
R-Re.5    not kept yet
R-Re.6    kept          ran  observed_absent
R-Re.7    not kept yet
R-Re.8    not kept yet
R-De.1    kept          ran  declared
R-Dl.1    not kept yet
R-Dl.2    not kept yet
R-Wi.1    kept               declared
R-Wi.2    not kept yet
R-V       kept               declared
"""
WENT = {
    "2020-02-14": "appointment approval client consent drafts goal invitation mail_in mail_out offer profile questions"
    " quote report rest signed_consent signed_quote sponsor",
    "2022-06-08": "client mail_in",
    "2028-01-01": "statutory",
}
"""All at closing, within the week; of the books what the law names; her name and address once she takes that back."""


@needs_servers
@pytest.mark.clause("R-Al.3", "R-Mi.1", "R-Do.3", "R-Tr.4", "R-Tr.6", "R-Tr.7", "R-Re.4", "R-Re.6", "R-De.1")
def test_refleact_keeps_its_word_from_the_dropped_file_to_the_last_byte(
    begins: Begins, capsys: pytest.CaptureFixture[str]
) -> None:
    story = begins("refleact")
    _opens(story)
    _report(story)
    _closes(story)
    _mail_names_nobody(story)
    _years(story)
    assert table(story) == TABLE.strip()
    assert printed(story, capsys) == list(story.practice.policy.clauses)


def _opens(story: Story) -> None:
    """She lets data be shared with who pays; that her profile is shared she does not wish."""
    acts.quote_and_consent(story, {"coaching": True, "share": True, "keep_in_touch": False})
    acts.talks(story)
    assert acts.invited(story) + acts.profile(story) == ""
    story.client.answers("Nee.")
    story.coach.agrees("not_approved")


def _report(story: Story) -> None:
    """The report goes on with her yes, behind the lock that all documents travel behind."""
    story.days_pass(30)
    story.coach.agrees("attest")
    assert acts.report(story, acts.FIRST) == ""
    story.client.answers(acts.WISH)
    story.coach.agrees("changes")
    assert acts.report(story, acts.SECOND) == ""
    story.client.answers("Ja, akkoord.")
    assert story.sponsor.got == ["quote v1", "invoice v1", "quote v1 countersigned", "report v2"]
    assert story.sponsor.reads("report v2") == story.client.reads("report v2")
    assert remains.anywhere(story, SAID) == set(SAID)


def _closes(story: Story) -> None:
    """At the start she did not wish to stay in touch; asked again at the end, she does."""
    assert story.coach.is_paid() == "F2020-0001"
    assert story.coach.closes() == date(2020, 2, 7)
    assert story.client.got[-1] == "questions v1"
    story.client.signs({"keep_in_touch": True}, "Graag.")
    story.coach.agrees("return")


def _mail_names_nobody(story: Story) -> None:
    """Whoever reads along on the way reads how she is greeted and where it goes, and no document opens for her."""
    for person in (story.client, story.sponsor):
        own = {f"{person.who}.salutation", f"{person.who}.email"}
        for mail in person.mails():
            assert found_in(mail.readable, NAMES) <= own, mail.subject
            assert all(protect.is_locked(data) for data in mail.files.values() if data.startswith(b"%PDF"))


def _years(story: Story) -> None:
    """Within a week of closing it is gone, but for her name and address; with a mail she takes that back, too."""
    story.years_pass_to(date(2020, 2, 20))
    in_touch = ["client.name", "client.email"]
    assert remains.everything(story, SAID) == remains.the_books(story, beside=in_touch)
    story.years_pass_to(date(2022, 6, 1))
    assert remains.everything(story, SAID) == remains.the_books(story, beside=in_touch)
    story.client.answers("Ik trek mijn toestemming in.")
    story.coach.agrees("withdrawal")
    story.years_pass_to(date(2022, 6, 9))
    assert remains.everything(story, SAID) == remains.the_books(story)
    story.years_pass_to(date(2028, 1, 3))
    assert remains.everything(story, SAID) == remains.nothing(story)
    assert remains.went(story) == WENT
