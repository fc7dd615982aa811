"""Which dossier a dropped file belongs to: a reference says so, a name never does, and doubt is never decided (P3)."""

from __future__ import annotations

import random
import unicodedata
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.placing import Ended, OpenDossier, Placed, Unplaced, place, references
from pipeline.tokens import ALPHABET

ONE, TWO, CLOSED, ERASED, RESTRICTED = "K7Q4-MX2P", "A1B0-C3D4", "CCCC-2222", "EEEE-3333", "RRRR-4444"
OPEN = [OpenDossier(ONE, "S. J.", date(2026, 11, 2)), OpenDossier(TWO, "T. d. W.", date(2026, 10, 1))]
ENDED = {CLOSED: Ended.CLOSED, ERASED: Ended.ERASED, RESTRICTED: Ended.RESTRICTED}
KNOWN = {one.reference for one in OPEN} | ENDED.keys()


def placed(name: str = "verslag.docx", folder: str = "", field: str | None = None) -> str:
    """Give the dossier, or the word and the value of the reason why there is none."""
    found = place(name, folder, field, OPEN, ENDED)
    if isinstance(found, Placed):
        return found.dossier
    word, values = found.reason
    return " ".join([word, *values.values()])


@pytest.mark.parametrize(
    "name",
    [
        "K7Q4-MX2P.pdf", "k7q4-mx2p.pdf", "K7Q4 MX2P.docx", "K7Q4_MX2P_verslag.docx", "k7q4mx2p.md", "K7Q4.MX2P.pdf",
        "verslag K7Q4-MX2P v2.docx", "Verslag_K7Q4-MX2P (2).docx", "K7Q4\u2013MX2P.pdf", "K7Q4 - MX2P eindverslag.pdf",
        "2026-11-23 K7Q4-MX2P.pdf", "K7Q4-MX2P-4-v1.pdf", "(K7Q4-MX2P).pdf", "K7Q4-MX2P Smit.pdf",
        "K7Q4-MX2P test 20261123 1015.pdf", "K7Q4-MX2P K7Q4_MX2P.pdf", "K7Q4-MX2P Mark Smit over 2026-2027.pdf",
        "3f2a9c1e-4b7d-4e2a-9f10-0123456789ab K7Q4-MX2P.pdf", "\u2179 K7Q4-MX2P.pdf",
    ],
)  # fmt: skip
def test_a_reference_anywhere_in_the_name_places_a_file_however_it_was_typed(name: str) -> None:
    assert placed(name) == ONE


@pytest.mark.parametrize("name", ["A1B0-C3D4", "AIBO-C3D4", "alb0_c3d4", "a1bo c3d4", "ALBOC3D4"])
def test_letters_that_no_reference_has_are_the_digits_that_they_are_mistaken_for(name: str) -> None:
    assert placed(f"{name} verslag.pdf") == TWO


@pytest.mark.parametrize("folder", ["K7Q4-MX2P", "k7q4-mx2p Jansen", "Jansen K7Q4 MX2P", "K7Q4-MX2P Smit"])
def test_the_name_of_its_folder_places_a_file(folder: str) -> None:
    assert placed("eindverslag.docx", folder) == ONE


def test_what_stands_in_the_file_places_it() -> None:
    assert placed("afspraak.yaml", "", " k7q4-mx2p ") == ONE
    assert placed("afspraak.yaml", "", "") == placed("afspraak.yaml") == "placing_none"


def test_what_says_the_same_twice_is_no_doubt() -> None:
    assert placed("K7Q4-MX2P verslag.docx", "K7Q4-MX2P Jansen", "k7q4 mx2p") == ONE


@pytest.mark.parametrize("name", ["Sanne Jansen.pdf", "Jansen.docx", "S. J. v2.pdf", "verslag.md", "2026-1123.pdf"])
def test_a_name_of_a_person_or_a_date_places_nothing(name: str) -> None:
    assert placed(name) == "placing_none"


@pytest.mark.parametrize(
    "name",
    [
        "plan-2026.pdf", "eind-verslag.docx", "Mark Smit.pdf", "mark-smit.pdf", "20261123.pdf", "1234-5678.pdf",
        "fase 2b10.docx", "test_1234_tekst.pdf", "3f2a9c1e-4b7d-4e2a-9f10-0123456789ab.pdf", "DISC-profiel-2026.pdf",
    ],
)  # fmt: skip
def test_words_dates_and_numbers_of_a_download_do_not_keep_a_file_from_its_folder(name: str) -> None:
    assert placed(name, ONE) == ONE


@pytest.mark.parametrize(
    ("name", "folder", "field", "said"),
    [
        (f"{ONE} verslag.docx", TWO, None, f"placing_disagree {ONE}, {TWO}"),
        (f"{ONE} verslag.yaml", "", TWO, f"placing_disagree {ONE}, {TWO}"),
        ("verslag.yaml", TWO, ONE, f"placing_disagree {TWO}, {ONE}"),
        (f"{ONE} {TWO}.docx", "", None, f"placing_two {ONE}, {TWO}"),
        (f"{TWO}-{ONE}.docx", ONE, None, f"placing_two {TWO}, {ONE}"),
        ("verslag.docx", f"{ONE} en {TWO}", None, f"placing_two {ONE}, {TWO}"),
        (f"{ONE} 9Z9Z-8Y8Y.docx", "", None, f"placing_two {ONE}, 9Z9Z-8Y8Y"),
        (f"{CLOSED} verslag.docx", ONE, None, f"placing_disagree {CLOSED}, {ONE}"),
    ],
)
def test_two_dossiers_for_one_file_are_never_decided_between(
    name: str, folder: str, field: str | None, said: str
) -> None:
    assert placed(name, folder, field) == said


@pytest.mark.parametrize(
    ("name", "folder", "field", "said"),
    [
        ("9Z9Z-8Y8Y.pdf", "", None, "placing_unknown 9Z9Z-8Y8Y"),
        ("9z9z 8y8y.pdf", ONE, None, "placing_unknown 9Z9Z-8Y8Y"),
        ("ABCD-EFGH.pdf", ONE, None, "placing_unknown ABCD-EFGH"),
        ("K7Q4-MX2F.pdf", "", None, f"placing_unknown_near K7Q4-MX2F {ONE}"),
        ("K7Q4-MXP2.pdf", ONE, None, f"placing_unknown_near K7Q4-MXP2 {ONE}"),
        ("k7q5mx2p.pdf", TWO, None, f"placing_unknown_near K7Q5-MX2P {ONE}"),
        ("verslag.yaml", ONE, "9Z9Z-8Y8Y", "placing_unknown 9Z9Z-8Y8Y"),
        ("verslag.yaml", ONE, "van Sanne", "bad_reference van Sanne"),
        ("verslag.yaml", "", "x" * 99, "bad_reference " + "x" * 20),
    ],
)
def test_a_reference_that_does_not_exist_places_nothing_and_is_said(
    name: str, folder: str, field: str | None, said: str
) -> None:
    assert placed(name, folder, field) == said


@pytest.mark.parametrize(
    ("reference", "said"),
    [(CLOSED, "placing_closed"), (ERASED, "placing_erased"), (RESTRICTED, "placing_restricted")],
)
def test_a_dossier_that_is_over_is_no_place_for_a_new_document(reference: str, said: str) -> None:
    for found in (placed(f"{reference}.pdf"), placed(folder=reference), placed(field=reference)):
        assert found == f"{said} {reference}"


def test_a_closed_dossier_is_never_what_was_meant_by_a_mistake() -> None:
    assert placed("CCCC-2223.pdf") == "placing_unknown CCCC-2223"


REFERENCES = st.text(ALPHABET, min_size=8, max_size=8).map(lambda letters: f"{letters[:4]}-{letters[4:]}")
WORDS = st.sampled_from(["", "verslag", "Sanne Jansen-Smit", "eind_", "2026-11-23", "(2)", "over het jaar 2026", "v2."])
ASIDE = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), max_size=12)


@given(REFERENCES, st.sampled_from(["-", "_", " ", "", "\u2013", " - "]), st.randoms(), WORDS, WORDS)
def test_the_only_reference_of_a_name_is_found_in_every_way_of_typing_it(
    reference: str, dash: str, chance: random.Random, before: str, after: str
) -> None:
    mistaken = {"0": "0oO", "1": "1iIlL"}
    halves = (
        "".join(chance.choice(mistaken.get(one, one + one.lower())) for one in half) for half in reference.split("-")
    )
    assert references(f"{before} {dash.join(halves)} {after}", {reference}) == [reference]


def squeezed(text: str) -> str:
    """Give the letters and digits of a text, as a reference has them."""
    plain = unicodedata.normalize("NFKC", text).upper()
    return "".join(letter for letter in plain if letter.isalnum()).translate(str.maketrans("OIL", "011"))


@given(st.lists(REFERENCES, min_size=1, max_size=6, unique=True), st.data())
def test_no_file_is_ever_placed_in_a_dossier_that_nothing_of_it_names(known: list[str], data: st.DataObject) -> None:
    pieces = st.one_of(st.sampled_from(known), REFERENCES, ASIDE)
    name, folder, field = (" ".join(data.draw(st.lists(pieces, max_size=3))) for _ in range(3))
    dossiers = [OpenDossier(one, "X. Y.", date(2026, 1, 1)) for one in known]
    found = place(name, folder, field, dossiers)
    if isinstance(found, Placed):
        assert any(found.dossier.replace("-", "") in squeezed(text) for text in (name, folder, field))
    verbatim = {one for one in known for text in (name, folder, field) if f" {one} " in f" {text} "}
    assert len(verbatim) < 2 or isinstance(found, Unplaced)


@given(ASIDE, ASIDE)
def test_text_without_a_reference_places_nothing(name: str, folder: str) -> None:
    without = {ord(digit): "." for digit in "0123456789"}
    assert isinstance(place(name.translate(without), folder.translate(without), None, OPEN, ENDED), Unplaced)


def test_what_is_known_is_told_from_what_is_only_shaped_like_it() -> None:
    assert references(f"AB12-{ONE}-CD34", KNOWN) == [ONE]
    assert references("AB12-CD34", KNOWN) == ["AB12-CD34"]
    assert references("ab12.cd34 en AB12CD34", KNOWN) == []
    assert references("KUUR-MX2P", KNOWN) == []
