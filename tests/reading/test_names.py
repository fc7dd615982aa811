"""Profiles as they come from their makers, read by the real process: whose name is in them, and what cannot be read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

import pytest

from pipeline.edges.reader import Reader
from pipeline.errors import ReadingFailed
from pipeline.policy.addressee import Chosen, Dropped, How, PdfText, Person, doubts, named_in
from tests.reading import profiles
from tests.reading.test_hostile_files import bomb_of_content, cut_off, deep_arrays, loop_of_drawings, loop_of_pages

FIRST = [
    "Anna", "Anne", "Bart", "Bram", "Carla", "Daan", "Dirk", "Elif", "Emma", "Eva", "Fatima", "Femke", "Floor",
    "Gijs", "Hanna", "Hans", "Ingrid", "Iris", "Jan", "Jaap", "Jeroen", "Joost", "Joke", "Karin", "Kees",
    "Koen", "Lars", "Lisa", "Lotte", "Marieke", "Mark", "Mohamed", "Nadia", "Noor", "Petra", "Piet", "Renée",
    "Roos", "Ruben", "Sanne", "Saskia", "Sofie", "Steffi", "Thijs", "Tom", "Tessa", "Ümit", "Willem", "Yara",
    "Zoë",
]  # fmt: skip
SURNAMES = [
    "Aalbers", "Bakker", "van den Berg", "van der Berg", "van de Berg", "Boer", "de Boer", "Bos", "Bosch",
    "van den Bosch", "Brouwer", "de Bruijn", "Dekker", "van Dijk", "van Dyk", "Dijkstra", "Çelik", "El Idrissi",
    "de Graaf", "de Groot", "Hendriks", "Hendrix", "van den Heuvel", "Hoekstra", "'t Hart", "IJsbrandy",
    "Jacobs", "Jansen", "Janssen", "Jansens", "de Jong", "de Jonge", "Kok", "Koster", "Kuipers", "van Leeuwen",
    "van der Linden", "Maas", "Meijer", "Meyer", "Mulder", "O'Brien", "Peters", "Prins", "Schouten", "Smit",
    "Smits", "Smeets", "van 't Veer", "Verhoeven", "Vermeulen", "Visser", "Vos", "Vries", "de Vries", "de Wit",
    "Willems", "Willemsen", "Yilmaz", "van Zanten",
]  # fmt: skip


@dataclass
class Rates:
    """What was counted over many made profiles."""

    wrong: int = 0
    wrong_without_a_doubt: int = 0
    right: int = 0
    right_with_a_doubt: int = 0
    of_these_like_names: int = 0


def parted(name: str) -> tuple[str, str, str]:
    first, *rest = name.split()
    at = next((at for at, word in enumerate(rest) if word[0].isupper() or word == "'t" == rest[0]), 0)
    at = len(rest) - 1 if rest[0] == "'t" else at
    return first, " ".join(rest[:at]), " ".join(rest[at:])


def likely_mistaken(name: str, random: Random) -> str:
    """The name of somebody else that is easily taken for this one."""
    first, surname = name.split(maxsplit=1)
    same_letter = [each for each in FIRST if each[0] == first[0] and each != first]
    ways = [
        f"{first} {random.choice(SURNAMES)}",
        f"{random.choice(FIRST)} {surname}",
        f"{first} {surname}s",
        f"{first} {surname[:-1]}",
    ]
    ways += [f"{each} {surname}" for each in same_letter[:3]]
    ways += [
        f"{first}-{random.choice(FIRST)} {surname}",
        f"{random.choice(FIRST)} {first} {surname}",
        f"{first} {surname} jr.",
    ]
    return random.choice([way for way in ways if way != name])


def measured(reader: Reader, count: int, pages: int, seed: int) -> Rates:
    """Make profiles, and drop each for its own client and for others: another client, and a like name twice."""
    random, rates = Random(seed), Rates()
    clients = list({f"{random.choice(FIRST)} {random.choice(SURNAMES)}" for _ in range(60)})
    people = [Person(f"D{at}", name, f"client{at}@thuis.example") for at, name in enumerate(sorted(clients))]
    for _ in range(count):
        own = random.choice(people)
        profile = profiles.printed_as(random.choice(sorted(profiles.SHAPES)), *parted(own.name), pages=pages)
        text = reader.text(profiles.pressed(profile) if random.random() < 0.1 else profiles.typed(profile))
        others = [each for each in people if each != own]
        case = Dropped(own, own.email, text, Chosen.FOLDER, others=others, known_address=True)
        found = [word for word, _ in doubts(case)]
        rates.right += 1
        rates.right_with_a_doubt += bool(found)
        rates.of_these_like_names += bool(found) and set(found) <= {"profile_like_names", "profile_names_another"}
        stranger = Person("X", likely_mistaken(own.name, random), "x@thuis.example")
        for wrong, known in ((random.choice(others), people), (stranger, people), (stranger, others)):
            rest = [each for each in known if each.dossier != wrong.dossier]
            rates.wrong += 1
            rates.wrong_without_a_doubt += not doubts(
                Dropped(wrong, wrong.email, text, Chosen.FOLDER, others=rest, known_address=True)
            )
    return rates


def test_of_many_profiles_none_goes_to_somebody_else_without_a_word(reader: Reader) -> None:
    rates = measured(reader, 12, 3, 1)
    assert rates.wrong == 36 and rates.wrong_without_a_doubt == 0
    assert rates.right_with_a_doubt == rates.of_these_like_names


@pytest.mark.long
@pytest.mark.timeout(600)
def test_of_five_hundred_profiles_none_goes_to_somebody_else_without_a_word(reader: Reader) -> None:
    rates = measured(reader, 500, 25, 2)
    assert rates.wrong == 1500 and rates.wrong_without_a_doubt == 0
    assert rates.right_with_a_doubt - rates.of_these_like_names <= 5


@pytest.mark.parametrize("shape", sorted(profiles.SHAPES))
def test_a_name_is_found_in_whatever_shape_it_is_set(reader: Reader, shape: str) -> None:
    text = reader.text(profiles.typed(profiles.printed_as(shape, "Steffi", "van der", "Fliert", pages=3)))
    assert named_in(text, "Steffi van der Fliert").how is How.FOUND
    assert named_in(text, "Steffi van den Fliert").how is not How.FOUND


@pytest.mark.parametrize("wide", ["", "letter-spacing: 12pt", "text-transform: uppercase", "font-style: italic"])
def test_a_name_with_ligatures_accents_and_wide_letters_is_found(reader: Reader, wide: str) -> None:
    made = replace(profiles.of("Steffi Flöréz-de Vries", pages=2), head="Talent Insights", wide=wide)
    text = reader.text(profiles.pressed(made))
    assert text.count == 2 and text.title == "Persoonlijk profiel"
    assert named_in(text, "Steffi Florez-de Vries").how is How.FOUND


@pytest.mark.parametrize("turned", [90, 180, 270])
def test_a_name_on_turned_pages_is_found(reader: Reader, turned: int) -> None:
    text = reader.text(profiles.typed(profiles.of("Sanne Jansen", pages=3), turned))
    assert named_in(text, "Sanne Jansen") == named_in(
        reader.text(profiles.typed(profiles.of("Sanne Jansen", pages=3))), "Sanne Jansen"
    )


def test_somebody_who_is_mentioned_at_the_end_is_not_the_subject(reader: Reader) -> None:
    text = reader.text(profiles.typed(replace(profiles.of("Piet Bos"), mention="Sanne Jansen")))
    found = named_in(text, "Sanne Jansen")
    assert (found.how, found.pages, found.together) == (How.PARTLY, (25,), True)


def test_letters_that_are_drawings_are_read_only_where_the_font_says_what_they_are(reader: Reader) -> None:
    words = "Profiel van Sanne Jansen, opgesteld met zorg"
    assert named_in(reader.text(profiles.drawn_letters(words, mapped=True)), "Sanne Jansen").how is How.FOUND
    assert not reader.text(profiles.drawn_letters(words, mapped=False)).readable


def test_a_scan_has_no_text_and_says_so(reader: Reader) -> None:
    text = reader.text(profiles.pictured(profiles.typed(profiles.of("Sanne Jansen", pages=3))))
    assert text == PdfText(("", "", ""), count=3)
    assert named_in(text, "Sanne Jansen").how is How.UNREADABLE


def test_a_locked_profile_is_known_as_one_and_an_acting_one_as_well(reader: Reader) -> None:
    plain = profiles.typed(profiles.of("Sanne Jansen", pages=3))
    assert reader.text(profiles.locked(plain)) == PdfText(locked=True)
    assert reader.text(profiles.acting(plain)).active == ("javascript",)
    assert reader.text(plain).active == ()


@pytest.mark.parametrize(
    "make",
    [
        loop_of_pages,
        deep_arrays,
        *(pytest.param(make, marks=pytest.mark.long) for make in (loop_of_drawings, bomb_of_content, cut_off)),
    ],
    ids=lambda make: make.__name__,
)
def test_a_hostile_file_names_nobody(reader: Reader, make: Callable[[], bytes]) -> None:
    try:
        text = reader.text(make())
    except ReadingFailed:
        text = PdfText()
    assert named_in(text, "Sanne Jansen").how is not How.FOUND


@pytest.mark.parametrize("data", [b"", b"Sanne Jansen", b"PK\x03\x04", b"%PDF-1.7\nSanne Jansen"])
def test_what_is_no_pdf_is_not_read(reader: Reader, data: bytes) -> None:
    with pytest.raises(ReadingFailed):
        reader.text(data)


def test_a_profile_of_more_pages_than_are_read_says_how_many_there_are(reader: Reader) -> None:
    text = reader.text(profiles.typed(profiles.of("Sanne Jansen", pages=130)))
    assert (len(text.pages), text.count) == (120, 130)
