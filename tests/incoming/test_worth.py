"""What is worth downloading: whatever can be an answer, nothing of other people's mail."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.incoming.mail import Correspondent, Known, Sent
from pipeline.incoming.worth import Light, answers, passed_over, worth
from tests.incoming.mailroom import DOSSIER, FIRST_SENT, OURS, TOKEN
from tests.world import CLIENT, COACH

KNOWN = Known(
    {TOKEN: Sent(TOKEN, OURS, DOSSIER, 1, "client", CLIENT, "Documents")}, {CLIENT: (Correspondent(DOSSIER, "client"),)}
)
STRANGER = "friend@elsewhere.example"
SCAN = ("application/pdf", "scan.pdf", 40_000)
TEXT = ("text/plain", "", 900)
PAPERS = [
    SCAN, ("application/octet-stream", "", 10_000), ("image/jpeg", "IMG_1.JPG", 900_000), ("image/heic", "", 50_000),
    ("application/zip", "scan.zip", 12_000), ("application/ms-tnef", "winmail.dat", 60_000),
    ("application/pkcs7-mime", "smime.p7m", 60_000), ("message/rfc822", "", 60_000),
    ("text/plain", "scan.PDF ", 40_000), ("application/x-unknown", "IMG_1.HEIC", 90_000),
]  # fmt: skip
NO_PAPERS = [
    TEXT, ("image/png", "logo.png", 9_999), ("text/calendar", "invite.ics", 20_000), ("text/html", "", 400_000),
    ("application/vnd.ms-excel", "figures.xls", 90_000), ("video/mp4", "film.mp4", 9_000_000),
]  # fmt: skip


def light(
    headers: dict[str, str], files: tuple[tuple[str, str, int], ...] | None = (TEXT,), size: int = 50_000
) -> Light:
    """Give a stranger's mail with these headers, `_` for `-`."""
    usual = {"from": f"A friend <{STRANGER}>", "subject": "Lunch"}
    return Light(1, size, FIRST_SENT, usual | {name.replace("_", "-"): text for name, text in headers.items()}, files)


@pytest.mark.parametrize(
    "headers",
    [
        {"in_reply_to": OURS},
        {"references": f"<a@b.example> {OURS} <c@d.example>"},
        {"references": f"<0100-{TOKEN.upper()}-7@rewritten.example>"},
        {"from": f"Sanne <{CLIENT.upper()}>"},
        {"from": f"{CLIENT}\nsomebody@elsewhere.example"},
        {"reply_to": CLIENT},
        {"sender": CLIENT},
        {"content_type": 'multipart/report; report-type=delivery-status; boundary="b"'},
        {"from": "Mail Delivery System <MAILER-DAEMON@mx.example>"},
        {"from": "postmaster@mx.example"},
        {"return_path": "<>"},
        {"subject": "Undelivered Mail Returned to Sender"},
        {"subject": "Onbestelbaar: Documenten"},
        {"subject": "Unzustellbar: Dokumente"},
        {"subject": f"Getekend, kenmerk {DOSSIER}"},
        {"subject": f"offerte {DOSSIER.lower()}."},
        {"subject": "Verzoek om inzage"},
        {"subject": "AVG-verzoek"},
        {"subject": "Ik trek niets in maar wil mijn toestemming intrekken"},
        {"subject": "Wilt u mijn gegevens verwijderen?"},
        {"subject": "verwijder alle gegevens"},
    ],
)
def test_what_can_be_an_answer_a_report_or_a_request_is_worth_it_however_small(headers: dict[str, str]) -> None:
    assert worth(light(headers, None, 900), KNOWN, COACH) is True


CONSENT_SUBJECTS = [
    "Akkoord", "Niet meer akkoord", "Terugtrekking", "Mijn toe\u00adstemming", "Privacy", "Mijn profiel",
    "Ik wil niet meer dat mijn verslag gedeeld wordt", "Herroeping", "Permission", "I revoke it", "Opt-out",
    "Wij zien af van de offerte", "We decline your proposal", "\uff21\uff36\uff27",
]  # fmt: skip


@pytest.mark.parametrize("subject", CONSENT_SUBJECTS)
def test_words_about_a_consent_or_the_quote_in_its_subject_make_a_letter_of_a_stranger_worth_it(subject: str) -> None:
    assert worth(light({"subject": subject}, None, 900), KNOWN, COACH) is True


@pytest.mark.parametrize("subject", ["Privacy", "We updated our privacy policy", "Akkoord op Maastricht"])
def test_such_words_from_a_mailing_list_do_not(subject: str) -> None:
    assert worth(light({"subject": subject, "list_id": "<news.example>"}), KNOWN, COACH) is False


@pytest.mark.parametrize("subject", ["Vraag", "Re: Lunch", "Kun je dinsdag niet meer?", "Afspraak", "Hallo", ""])
def test_a_letter_of_a_stranger_under_a_subject_that_says_nothing_is_out_of_reach(subject: str) -> None:
    assert worth(light({"subject": subject}, None, 900), KNOWN, COACH) is False
    assert worth(light({"subject": subject, "in_reply_to": OURS}, None, 900), KNOWN, COACH) is True


@pytest.mark.parametrize("paper", PAPERS)
def test_a_mail_with_what_can_be_a_paper_is_worth_it_from_anybody(paper: tuple[str, str, int]) -> None:
    assert worth(light({}, (TEXT, paper)), KNOWN, COACH) is True


@pytest.mark.parametrize("part", NO_PAPERS)
def test_a_mail_without_one_is_not(part: tuple[str, str, int]) -> None:
    assert worth(light({}, (TEXT, part)), KNOWN, COACH) is False


@pytest.mark.parametrize(
    "headers",
    [{"list_id": "<news.example>"}, {"list_unsubscribe": "<https://news.example>"}, {"precedence": "bulk"}],
)
def test_the_paper_of_a_mailing_list_is_not_worth_it_and_an_answer_through_one_is(headers: dict[str, str]) -> None:
    assert worth(light(headers, (SCAN,)), KNOWN, COACH) is False
    assert worth(light({"in_reply_to": OURS, **headers}, (SCAN,)), KNOWN, COACH) is True


def test_only_the_structure_of_a_mail_that_can_hold_a_paper_is_asked_for() -> None:
    assert worth(light({}, None), KNOWN, COACH) is None
    assert worth(light({"content_type": "multipart/mixed; boundary=b"}, None), KNOWN, COACH) is None
    assert worth(light({}, None, 1_999), KNOWN, COACH) is False
    assert worth(light({"content_type": "text/html; charset=utf-8"}, None), KNOWN, COACH) is False


@pytest.mark.parametrize(
    "headers",
    [
        {"in_reply_to": "<lunch@elsewhere.example>"},
        {"from": f"{CLIENT}.elsewhere.example"},
        {"from": f"not{CLIENT}"},
        {"subject": "kenmerk ABCD-EFGH"},
        {"subject": f"X{DOSSIER}9"},
        {"subject": "avgas prices"},
        {"x_pipeline_token": TOKEN},
    ],
)
def test_what_only_looks_like_ours_is_not(headers: dict[str, str]) -> None:
    assert worth(light(headers, None, 900), KNOWN, COACH) is False


def test_our_own_mail_is_not_worth_it_and_what_only_carries_our_header_is() -> None:
    ours = {"x_pipeline_token": TOKEN, "from": f"Coach <{COACH}>", "subject": f"Documents, reference {DOSSIER}"}
    assert worth(light(ours, (SCAN,)), KNOWN, COACH) is False
    assert worth(light(ours | {"from": CLIENT}, (SCAN,)), KNOWN, COACH) is True
    assert worth(light(ours | {"from": f"{COACH}, {CLIENT}"}, (SCAN,)), KNOWN, COACH) is True


def test_before_anything_was_sent_nothing_can_be_an_answer() -> None:
    assert passed_over(light({"in_reply_to": OURS}), KNOWN, None)


@pytest.mark.parametrize(("days", "over"), [(-8, True), (-6, False), (0, False), (30, False)])
def test_what_was_there_a_week_before_our_first_mail_is_passed_over(days: int, *, over: bool) -> None:
    then = FIRST_SENT + timedelta(days=days)
    assert passed_over(Light(1, 1, then, {"from": STRANGER}), KNOWN, FIRST_SENT) is over
    assert not passed_over(Light(1, 1, then, {"from": CLIENT}), KNOWN, FIRST_SENT)
    assert not passed_over(Light(1, 1, then, {"from": STRANGER, "references": OURS}), KNOWN, FIRST_SENT)


def test_a_mail_without_a_date_is_never_passed_over_for_it() -> None:
    assert not passed_over(Light(1, 1, None, {"from": STRANGER}), KNOWN, FIRST_SENT)


NAMES = st.sampled_from(
    ["from", "sender", "reply-to", "subject", "in-reply-to", "references", "content-type", "return-path", "precedence"]
)
ANYTHING = st.dictionaries(NAMES, st.text(max_size=200), max_size=6)
FILES = st.none() | st.lists(
    st.tuples(st.text(max_size=20), st.text(max_size=20), st.integers(0, 1 << 40)), max_size=3
).map(tuple)


@given(headers=ANYTHING, files=FILES, size=st.integers(0, 1 << 40), before=st.text(max_size=50))
def test_an_answer_is_worth_it_whatever_else_it_says(
    headers: dict[str, str], files: tuple[tuple[str, str, int], ...] | None, size: int, before: str
) -> None:
    reply = Light(1, size, None, headers | {"references": f"{before} {OURS}"}, files)
    assert answers(reply, KNOWN) and worth(reply, KNOWN, COACH) is True


@given(headers=ANYTHING, files=FILES, size=st.integers(0, 1 << 40))
def test_every_mail_is_judged_once_its_files_are_known(
    headers: dict[str, str], files: tuple[tuple[str, str, int], ...] | None, size: int
) -> None:
    judged = worth(Light(1, size, None, headers, files), KNOWN, COACH)
    assert judged in ({True, False} if files is not None else {True, False, None})
