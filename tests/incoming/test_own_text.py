"""Of a reply remains what its writer wrote herself; in doubt more rather than less."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.incoming.answers.own_text import not_ours, own_text
from pipeline.incoming.message import read
from tests.incoming import samples

OWN = "Beste Marieke,\n\nIk ga akkoord.\n\nGroet,\nSanne"
OUTLOOK = (
    "{van} Praktijk Voorbeeld <coach@practice.example>\n{sent} maandag 3 maart 2025 14:02\n{to} Sanne\n"
    "{about} Papieren\n\nJa?"
)
MOMENT = "3 mrt 2025 om 14:02"

REPLIES = {
    "Gmail, Dutch": f"{OWN}\n\nOp ma {MOMENT} schreef Praktijk <coach@practice.example>:\n\n> Gaat u akkoord?\n> Ja?",
    "Gmail, wrapped": f"{OWN}\n\nOp ma {MOMENT} schreef Praktijk Voorbeeld voor Coaching <\n"
    "coach@practice.example>:\n\n> Gaat u akkoord?",
    "Gmail, English": f"{OWN}\n\nOn Mon, Mar 3, 2025 at 2:02 PM Practice <c@p.example> wrote:\n\n> Do you?\n",
    "Gmail, answered below": f"Op ma {MOMENT} schreef Praktijk <coach@practice.example>:\n> Akkoord?\n>\n\n" + OWN,
    "Gmail, forwarded": f"{OWN}\n\n---------- Forwarded message ---------\nVan: Praktijk\nDate: ma 3 mrt\n\nJa?",
    "Outlook, Dutch": f"{OWN}\n\n" + OUTLOOK.format(van="Van:", sent="Verzonden:", to="Aan:", about="Onderwerp:"),
    "Outlook, English": f"{OWN}\n\n" + OUTLOOK.format(van="From:", sent="Sent:", to="To:", about="Subject:"),
    "Outlook, bold": f"{OWN}\n\n"
    + OUTLOOK.format(van="*Van:*", sent="*Verzonden:*", to="*Aan:*", about="*Onderwerp:*"),
    "Outlook, with a rule": f"{OWN}\n\n________________________________\n"
    + OUTLOOK.format(van="Van:", sent="Verzonden:", to="Aan:", about="Onderwerp:"),
    "Outlook, older": f"{OWN}\n\n-----Oorspronkelijk bericht-----\nVan: Praktijk\nVerzonden: maandag\n\nJa?",
    "Outlook, older, English": f"{OWN}\n\n-----Original Message-----\nFrom: Practice\n\nYes?",
    "Outlook on a phone": f"{OWN}\n\nOutlook voor iOS downloaden<https://aka.example/o0>\n________________________________\n"
    + OUTLOOK.format(van="Van:", sent="Verzonden:", to="Aan:", about="Onderwerp:"),
    "Outlook on a phone, English": f"{OWN}\n\nGet Outlook for Android<https://aka.example/x>\n",
    "Apple Mail, Dutch": f"{OWN}\n\n> Op 3 mrt 2025, om 14:02 heeft Praktijk het volgende geschreven:\n> \n> Ja?\n",
    "Apple Mail, unmarked": f"{OWN}\n\nOp {MOMENT} heeft Praktijk <coach@practice.example> het volgende\n"
    "geschreven:\n\nGaat u akkoord? Ja of nee.",
    "Apple Mail, English": f"{OWN}\n\n> On 3 Mar 2025, at 14:02, Practice <c@p.example> wrote:\n> \n> Yes?\n",
    "Thunderbird": f"{OWN}\n\nOp 3-3-2025 om 14:02 schreef Praktijk Voorbeeld:\n> Gaat u akkoord?\n",
    "iPhone": f"{OWN}\n\nVerstuurd vanaf mijn iPhone\n\n> Op {MOMENT} heeft Praktijk geschreven:\n> \n> Ja?\n",
    "Samsung": f"{OWN}\n\nVerzonden vanaf mijn Galaxy\n\n--- Oorspronkelijk bericht ---\nVan: Praktijk\n\nJa?",
    "iPhone, English": f"{OWN}\n\nSent from my iPhone",
    "a signature": f"{OWN}\n\n-- \nSanne Jansen\nAdviesbureau Jansen, altijd akkoord\n",
}


@pytest.mark.parametrize("program", REPLIES)
def test_a_reply_of_each_program_without_what_it_answers(program: str) -> None:
    assert own_text(REPLIES[program]) == OWN


def test_answers_between_the_lines_are_kept() -> None:
    text = f"Op ma {MOMENT} schreef Praktijk:\n> Wilt u tekenen?\nJa.\n> Mag het dossier gedeeld?\nNee.\n"
    assert own_text(text) == "Ja.\nNee."


def test_a_reply_in_html_marks_what_it_quotes() -> None:
    html = (
        "<div>Akkoord.</div><div>On Mon, Mar 3, 2025 at 2:02 PM Practice wrote:<br></div>"
        "<blockquote><p>Gaat u akkoord?</p><blockquote>Eerder</blockquote></blockquote><p>Sanne</p>"
    )
    mail = read(samples.headers() + samples.text(html, "html"))
    assert "> Gaat u akkoord?" in mail.text and "> > Eerder" in mail.text
    assert own_text(mail.text) == "Akkoord.\n\nSanne"


@pytest.mark.parametrize(
    "text",
    [
        "Op maandag kan ik niet. Ik schreef:\nik teken dinsdag.",
        "On reflection I wrote:\nyes.",
        "Van: harte gefeliciteerd\nMet alles.",
        "Van: mij\nAan: jou\nZonder datum.",
        "Verzonden: dat heb ik gedaan.",
        "--\nOnder een streepje begint het pas.",
        "Ik heb het verstuurd vanaf mijn werk.",
        "- een\n- twee\n\nOp 3 maart 2025 teken ik.",
    ],
)
def test_in_doubt_all_is_kept(text: str) -> None:
    assert own_text(text) == text


def test_a_photo_without_words_leaves_nothing() -> None:
    assert own_text(read(samples.phone()).text) == ""


@given(st.text(max_size=400))
def test_it_only_leaves_out(text: str) -> None:
    kept = own_text(text)
    letters = iter("".join(text.split()))
    assert all(letter in letters for letter in "".join(kept.split()))


OURS = "Beste Sanne,\n\nEen ja kunt u later altijd weer intrekken met een mail aan mij.\n\nMarieke\n"


@pytest.mark.parametrize(
    "quoted",
    [
        "Een ja kunt u later altijd weer intrekken met een mail aan mij.",
        "Een ja kunt u later altijd\nweer intrekken met een mail aan mij.",
        "  *Een ja* kunt u later  altijd weer intrekken met een mail aan mij.",
        "> wat er ook staat\n>> en wat er ook stond",
    ],
)
def test_below_an_answered_mail_stands_what_is_not_ours(quoted: str) -> None:
    assert not_ours(f"Van: Marieke\n\n{quoted}\n\nDat doe ik.\nSanne", OURS) == (
        "Van: Marieke\n\n[...]\n\nDat doe ik.\nSanne"
    )


@pytest.mark.parametrize("line", ["intrekken", "Een ja kunt u altijd weer intrekken.", "met een mail", "Hallo!"])
def test_a_few_words_or_other_words_than_ours_are_kept(line: str) -> None:
    assert not_ours(line, OURS) == line


@given(st.text(max_size=400), st.text(max_size=100))
def test_leaving_out_what_is_ours_adds_nothing_but_its_mark(text: str, ours: str) -> None:
    kept = not_ours(text, ours).replace("[...]", "")
    letters = iter("".join(text.split()))
    assert "[...]" in text or all(letter in letters for letter in "".join(kept.split()))


@given(st.lists(st.text(st.characters(categories=["L", "N"]), min_size=25, max_size=40), max_size=5))
def test_of_a_mail_of_ours_as_it_is_nothing_is_left(lines: list[str]) -> None:
    assert not_ours("\n".join(lines), "\n".join(lines)) in {"", "[...]"}
