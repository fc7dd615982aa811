"""Which dossier a mail belongs to: the layers, what they say together, and what a stranger can write into them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipeline.incoming.mail import Correspondent, Known, Mail, Page, Sent
from pipeline.incoming.match import Layer, bare_subject, match, page_of, replied_to
from pipeline.model import Kind
from pipeline.tokens import page_tag

KEY = b"k" * 32
ONE, TWO, THREE = "AAAA-1111", "BBBB-2222", "CCCC-3333"
SUBJECT = "Stukken van Praktijk De Linde, kenmerk AAAA-1111"


def sent(token: str, dossier: str, party: str = "client") -> Sent:
    return Sent(token, f"<{token}@practice.example>", dossier, 1, party, "sanne@home.example", SUBJECT)


KNOWN = Known(
    {"tokenone": sent("tokenone", ONE), "tokentwo": sent("tokentwo", TWO)},
    {
        "sanne@home.example": (Correspondent(ONE, "client"),),
        "couple@home.example": (Correspondent(ONE, "client"), Correspondent(TWO, "client")),
        "other@home.example": (Correspondent(THREE, "client"),),
    },
)


def page(dossier: str) -> Page:
    return Page(0, 0, dossier, Kind.QUOTE, 1, 1, 1)


def matched(mail: Mail, *pages: Page, prints: tuple[str, ...] = ()) -> tuple[str | None, Layer | None]:
    found = match(mail, pages, prints, KNOWN, None)
    return found.dossier, found.layer


def test_an_answer_to_our_mail_belongs_to_its_dossier_whatever_its_sender_and_subject() -> None:
    mail = Mail(in_reply_to=("<tokenone@practice.example>",), sender="new@elsewhere.example", subject="Vraag")
    assert matched(mail) == (ONE, Layer.REPLY)


def test_references_count_only_under_the_subject_that_we_wrote() -> None:
    chain = ("<x@elsewhere.example>", "<tokenone@practice.example>")
    assert matched(Mail(references=chain, subject=f"Antw: RE: {SUBJECT}")) == (ONE, Layer.REPLY)
    assert matched(Mail(references=chain, subject="Iets heel anders")) == (None, None)


def test_a_token_under_another_domain_is_not_ours() -> None:
    assert replied_to(Mail(in_reply_to=("<tokenone@evil.example>",)), KNOWN) is None


def test_an_answer_to_two_dossiers_at_once_is_an_answer_to_none() -> None:
    both = ("<tokenone@practice.example>", "<tokentwo@practice.example>")
    assert matched(Mail(in_reply_to=both)) == (None, None)


def test_the_code_on_a_page_finds_the_dossier_of_an_unknown_sender() -> None:
    assert matched(Mail(sender="phone@elsewhere.example"), page(ONE)) == (ONE, Layer.PAGE)


def test_the_fingerprint_in_a_pdf_finds_it_too_and_so_does_the_address() -> None:
    assert matched(Mail(), prints=(f"{ONE}-1 v2",)) == (ONE, Layer.FINGERPRINT)
    assert matched(Mail(), prints=("something else",)) == (None, None)
    assert matched(Mail(sender="sanne@home.example")) == (ONE, Layer.ADDRESS)


def test_layers_that_disagree_go_to_the_coach() -> None:
    reply = Mail(in_reply_to=("<tokenone@practice.example>",))
    found = match(reply, (page(TWO),), (), KNOWN, None)
    assert (found.dossier, found.reasons[0][0]) == (None, "match_disagrees")
    stranger = match(Mail(sender="other@home.example"), (page(ONE),), (), KNOWN, None)
    assert (stranger.dossier, stranger.reasons[0][0]) == (None, "match_disagrees")


def test_papers_of_two_dossiers_in_one_mail_go_to_the_coach() -> None:
    found = match(Mail(), (page(ONE), page(TWO)), (), KNOWN, None)
    assert (found.dossier, found.reasons[0][0]) == (None, "match_several")


def test_an_address_that_a_couple_shares_decides_nothing_and_contradicts_neither() -> None:
    alone = match(Mail(sender="couple@home.example"), (), (), KNOWN, None)
    assert (alone.dossier, alone.reasons[0][0]) == (None, "match_shared_address")
    assert matched(Mail(sender="couple@home.example"), page(TWO)) == (TWO, Layer.PAGE)


def test_the_coachs_own_word_is_the_strongest() -> None:
    found = match(Mail(sender="other@home.example"), (page(TWO),), (), KNOWN, ONE)
    assert (found.dossier, found.layer) == (ONE, Layer.ASSIGNED)


def test_a_mail_that_says_nothing_of_ours_has_no_claims() -> None:
    found = match(Mail(sender="news@shop.example"), (), (), KNOWN, None)
    assert (found.dossier, found.claims, found.reasons[0][0]) == (None, {}, "match_nothing")


@given(st.sets(st.sampled_from([ONE, TWO, THREE]), max_size=3), st.sampled_from(["", *KNOWN.addresses]),
       st.sampled_from(["", "tokenone", "tokentwo"]))  # fmt: skip
def test_a_dossier_is_given_only_when_no_layer_says_otherwise(dossiers: set[str], sender: str, token: str) -> None:
    mail = Mail(sender=sender, in_reply_to=(f"<{token}@practice.example>",) if token else ())
    found = match(mail, [page(dossier) for dossier in sorted(dossiers)], (), KNOWN, None)
    if found.dossier is not None:
        assert all(found.dossier in said for said in found.claims.values())
        assert len(dossiers) <= 1


def test_what_mail_programs_put_before_a_subject_does_not_matter() -> None:
    for written in ("Re: Stukken", "RE: re:  stukken ", "Antw: Stukken", "Re[2]: STUKKEN", "Betreft: stukken"):
        assert bare_subject(written) == "stukken"
    assert bare_subject("Rest: stukken") != "stukken"


def test_a_page_code_counts_only_with_the_practices_own_tag() -> None:
    tag = page_tag(KEY, ONE, Kind.CONSENT, 3)
    assert page_of(f"P1*{ONE}-2*3*1*2*{tag}", 4, 5, KEY) == Page(4, 5, ONE, Kind.CONSENT, 3, 1, 2)
    forged = (
        f"P1*{TWO}-2*3*1*2*{tag}",
        f"P1*{ONE}-1*3*1*2*{tag}",
        f"P1*{ONE}-2*4*1*2*{tag}",
        f"P1*{ONE}-2*3*1*2*AAAAA",
    )
    assert [page_of(text, 0, 0, KEY) for text in forged] == [None] * 4


@given(st.text(max_size=60))
def test_any_other_text_is_no_page_of_ours(text: str) -> None:
    assert page_of(text, 0, 0, KEY) is None
