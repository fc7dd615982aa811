"""An answer by mail is read as a yes only beyond doubt; no other reply of any program opens anything."""

from __future__ import annotations

import string
from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pipeline.incoming.answers.assent import LONGEST, MOST, Answer, assent
from pipeline.incoming.answers.letters import folded
from pipeline.incoming.mail import Mail
from pipeline.incoming.message import read
from tests.incoming import replies
from tests.incoming.replies import ALL_OURS, CLEAR_YESES, PROGRAMS, QUESTION, Reply

REPLIES = replies.replies()
YESES = [
    "Ja", "Ja hoor", "Ja, graag", "Akkoord", "Ik ga akkoord", "Prima zo", "Ja, mag naar Peter", "Geen bezwaar",
    "Stuur het maar door naar Peter", "Yes", "Yes please", "I approve", "Go ahead", "Fine by me",
]  # fmt: skip
MORE = [
    "Wel graag de tweede alinea weg.", "Maar nog niet aan Peter.", "Mits mijn naam eruit gaat.", "Als Peter het wil.",
    "Hoe gaat het met u?", "Tot dinsdag om drie uur.", "Ik lees het nog.", "Zie bijlage.", "Liever volgende week.",
    "Behalve bladzijde 2.", "Of toch niet.", "Het was een mooie tijd.", "Karin mag het ook zien.", "Grapje!",
    "But not yet.", "If Peter agrees.", "See the attachment.", "Only the first page.", "When I have read it.",
    "Could we meet on Tuesday?", "Haha.", "?", "...", "Of nee.", "PS ik ben verhuisd.",
]  # fmt: skip
LINES = [line for text in QUESTION.values() for line in text.split("\n") if line]
DISCLAIMERS = [
    (
        "Dit e-mailbericht is uitsluitend bestemd voor de geadresseerde(n). Indien u niet de geadresseerde bent,\n"
        "verzoeken wij u dit bericht te verwijderen en de afzender te informeren."
    ),
    "Aan dit bericht kunnen geen rechten worden ontleend.",
    "Denk aan het milieu voordat u deze e-mail print.",
    (
        "This e-mail and any attachments are confidential and intended solely for the use of the individual or entity\n"
        "to whom they are addressed. If you are not the intended recipient, please notify the sender and delete it."
    ),
    "Please consider the environment before printing this e-mail.",
]
KNOWN = (*YESES, "Goed zo")
_ALL = st.sampled_from(YESES)
_PROGRAM = st.sampled_from(sorted(PROGRAMS))
_LANGUAGE = st.sampled_from(sorted(QUESTION))


def said(text: str, html_text: str = "") -> Answer:
    mail = Mail(sender="sanne@home.example", sender_name="Sanne Jansen", text=text, html_text=html_text)
    return assent(mail, ALL_OURS)


@pytest.mark.parametrize("reply", REPLIES, ids=lambda reply: reply.name)
def test_each_reply_is_read_as_it_is_meant(reply: Reply) -> None:
    assert assent(read(reply.raw), ALL_OURS) is reply.answer


def test_of_the_clear_yeses_nine_in_ten_are_taken() -> None:
    taken = [assent(read(PROGRAMS[name](text, lang)), ALL_OURS) for text, lang, name in CLEAR_YESES]
    assert taken.count(Answer.YES) >= 0.9 * len(CLEAR_YESES)


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize(
    ("text", "answer"),
    [("Ja, akkoord", Answer.YES), ("Ja, maar", Answer.UNCLEAR), ("", Answer.UNCLEAR), ("Nee", Answer.NO)],
)
def test_each_program_carries_each_answer(program: str, text: str, answer: Answer) -> None:
    assert assent(read(PROGRAMS[program](text, "nl")), ALL_OURS) is answer


@pytest.mark.parametrize("yes", YESES)
def test_a_known_yes_is_one(yes: str) -> None:
    assert said(yes) is Answer.YES


@pytest.mark.parametrize("yes", YESES)
@pytest.mark.parametrize("more", MORE)
def test_a_sentence_more_makes_it_no_yes(yes: str, more: str) -> None:
    ways = (f"{yes}. {more}", f"{yes}\n\n{more}", f"{more} {yes}", f"{yes}, {more}", f"{yes}\n\nGroet,\nSanne\n{more}")
    assert Answer.YES not in set(map(said, ways))


@pytest.mark.parametrize("text", DISCLAIMERS)
def test_a_disclaimer_takes_nothing_from_a_yes_and_hides_nothing(text: str) -> None:
    assert said(f"Akkoord.\n\nGroet,\nSanne\n\n{text}") is Answer.YES
    for at, more in ((0, "Maar niet naar Peter."), (len(text), "Maar niet naar Peter."), (text.index(" "), " naam")):
        assert said(f"Akkoord.\n\nGroet,\nSanne\n\n{text[:at]} {more} {text[at:]}") is not Answer.YES


@pytest.mark.parametrize(
    "line",
    [
        "Adviseur met bedenkingen", "Team twijfelt nog", "Alleen pagina 3", "vanaf 2026", "N.v.t.", "Niet Peter",
        "Karin Smit", "Gemeente ja", "06 niet", "De informatie is vertrouwelijk en niet bestemd voor mijn baas",
    ],
)  # fmt: skip
def test_a_line_below_her_name_that_is_no_signature_makes_it_unclear(line: str) -> None:
    assert said(f"Akkoord.\n\nGroet,\nSanne\n{line}") is not Answer.YES
    assert said(f"Akkoord.\n\n-- \n{line}") is not Answer.YES


@given(_ALL, st.text(string.ascii_letters + " ,.?!", min_size=1, max_size=60))
def test_any_words_more_make_it_no_yes(yes: str, more: str) -> None:
    letters = set("".join(filter(str.isalpha, more)).casefold())
    assume(len(letters) > 2 and not any(word in more.casefold() for word in ("ja", "ok", "oke", "goed", "yes", "top")))
    assert said(f"{yes}. {more}.") is not Answer.YES


@given(_ALL, st.lists(st.sampled_from(LINES), max_size=8))
def test_what_is_quoted_of_ours_below_a_yes_changes_nothing(yes: str, quoted: list[str]) -> None:
    rest = [line for line in quoted if len(line) > 30]
    assert said("\n".join([yes, "", *(f"> {line}" for line in rest)])) is Answer.YES


@given(st.lists(st.sampled_from(LINES), min_size=1, max_size=12), st.booleans())
def test_our_own_words_are_never_a_yes(lines: list[str], marked: bool) -> None:
    assert said("\n".join(("> " if marked else "") + line for line in lines)) is Answer.UNCLEAR


@given(st.sampled_from(sorted(QUESTION)), st.integers(10, 80))
def test_our_own_mail_is_no_answer_however_it_is_wrapped(lang: str, width: int) -> None:
    words, rows = QUESTION[lang].split(), [""]
    for word in words:
        rows = [*rows[:-1], f"{rows[-1]} {word}".strip()] if len(rows[-1]) + len(word) < width else [*rows, word]
    assert said("\n".join(rows)) is Answer.UNCLEAR


@given(
    st.lists(st.sampled_from(LINES), max_size=6), st.sampled_from(MORE), st.lists(st.sampled_from(LINES), max_size=6)
)
def test_what_is_no_yes_becomes_none_between_quoted_lines(above: list[str], more: str, below: list[str]) -> None:
    quoted = "\n".join(f"> {line}" for line in above)
    under = "\n".join(f"> {line}" for line in below)
    assert said(f"{quoted}\nJa. {more}\n{under}") is not Answer.YES


@given(_ALL, st.integers(0, 40), st.characters(exclude_categories=["Cs"]))
def test_a_letter_changed_makes_it_no_yes_but_for_another_way_of_writing_it(yes: str, at: int, letter: str) -> None:
    changed = yes[: at % len(yes)] + letter + yes[at % len(yes) + 1 :]
    if said(changed) is Answer.YES:
        assert "".join(filter(str.isalpha, folded(changed))) in {"".join(filter(str.isalpha, folded(y))) for y in KNOWN}


@given(_ALL, st.integers(0, 40), st.sampled_from("\u200b\u200d\u202e\u2066\ufeff\u00ad\u0336\u0335\u20d2\u0338\u0430"))
def test_what_hides_turns_or_strikes_through_is_no_yes(yes: str, at: int, letter: str) -> None:
    assert said(yes[: at % len(yes)] + letter + yes[at % len(yes) :] + " ok") is not Answer.YES


@given(_ALL, st.sampled_from(MORE))
def test_plain_text_and_html_must_both_say_yes(yes: str, more: str) -> None:
    assert said(yes, f"{yes}. {more}") is not Answer.YES
    assert said(f"{yes}. {more}", yes) is not Answer.YES
    assert said(yes, f"{yes}!\n\nGroet,\nSanne") is Answer.YES


@settings(max_examples=60)
@given(_PROGRAM, _LANGUAGE, st.sampled_from(MORE), _ALL)
def test_no_program_makes_a_yes_of_more_than_a_yes(program: str, lang: str, more: str, yes: str) -> None:
    assert assent(read(PROGRAMS[program](f"{yes}. {more}", lang)), ALL_OURS) is not Answer.YES


@settings(max_examples=60)
@given(st.sampled_from(REPLIES), st.data())
def test_the_reader_reads_whatever_comes(reply: Reply, data: st.DataObject) -> None:
    raw = bytearray(reply.raw)
    for _ in range(data.draw(st.integers(1, 8))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    assert assent(read(bytes(raw)), ALL_OURS) in Answer


@given(st.text(max_size=300), st.text(max_size=300), st.text(max_size=200))
def test_any_text_is_read(text: str, html_text: str, ours: str) -> None:
    assert assent(Mail(text=text, html_text=html_text, subject=text[:50]), ours) in Answer


@pytest.mark.parametrize("text", ["Ja\n" + "a" * LONGEST, "Ja " * LONGEST, "Ja\n" + "> a\n" * MOST, "Nee " * MOST])
def test_a_text_beyond_bounds_is_unclear(text: str) -> None:
    assert said(text) is Answer.UNCLEAR


@pytest.mark.parametrize(
    "text",
    [
        "On schreef 2025 wrote " * 40 + ":\n",
        "> Ja\nnee\n",
        "akkoord akkoord akkoord met het delen met Peter van de van de ",
        "Van: a\nDatum: b\n",
        "mag graag kunt u weg aanpassen ",
        "groet, met vriendelijke groet, Sanne van van van ",
    ],
)
def test_a_megabyte_of_hostile_text_is_looked_at_in_part(text: str) -> None:
    assert said(text * (1_000_000 // len(text))) is Answer.UNCLEAR
    assert said(text * (MOST // len(text))) is not Answer.YES
    assert said(text * (LONGEST // len(text))) is not Answer.YES


def test_nothing_hides_behind_a_row_of_spaces_or_beyond_a_line() -> None:
    assert said("Ja" + " " * 2_000 + "maar niet naar Peter") is not Answer.YES
    assert said("Ja\n\n> " + LINES[1] + " " * 2_000 + "maar zonder naam") is not Answer.YES
    assert said("Ja" + "\n" * 200 + "maar niet naar Peter") is not Answer.YES


def test_without_our_text_what_is_quoted_is_not_known_to_be_ours() -> None:
    mail = read(PROGRAMS["Gmail"]("Ja, akkoord", "nl"))
    assert assent(mail, "") is Answer.UNCLEAR
    assert assent(replace(mail, text="Ja, akkoord", html_text=""), "") is Answer.YES
