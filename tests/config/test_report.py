"""What a dropped report is: whose, in which words, and what must be mended where; nothing of it is guessed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config.report import LONGEST_LINE, MOST_FILE, MOST_TEXT, SYNONYMS, Report, Section, Sort, report_of
from pipeline.config.source import read as read_yaml
from pipeline.errors import FileProblems, Problem
from pipeline.press.shipped import shipped

DUTCH = """\
kenmerk: K7Q4-MX2P
titel: Eindverslag
taal: nl
aanleiding: Een nieuwe rol.
onderdelen:
  - kop: Wat opviel
    tekst: |
      Zes gesprekken.

      - rust
verloop: >
  Van februari
  tot juni.
"""


def report(text: str | bytes, name: str = "verslag.md") -> Report:
    return report_of(name, text if isinstance(text, bytes) else text.encode(), language="nl")


def refusal(text: str | bytes, name: str = "verslag.md", language: str = "nl") -> str:
    with pytest.raises(FileProblems) as refused:
        report_of(name, text if isinstance(text, bytes) else text.encode(), language=language)
    return str(refused.value)


@pytest.mark.parametrize("language", ["nl", "en"])
def test_the_example_that_comes_with_the_program_is_a_report(language: str) -> None:
    data = (shipped() / "templates" / language / "report.md").read_bytes()
    found = report_of("report.md", data, language=language)
    assert (found.sort, found.dossier) == (Sort.MARKDOWN, "K7Q4-MX2P")
    assert found.title == {"nl": "Eindverslag", "en": "Final report"}[language]


def test_markdown_needs_no_front_matter_and_its_first_heading_is_the_title() -> None:
    found = report("\n# Verslag van *rust* #\n\nTekst.\n")
    assert (found.title, found.dossier, found.language) == ("Verslag van rust", None, None)
    assert found.sections == (Section("\n\n\nTekst.\n"),), "each line stays where it is in the file"


def test_a_title_that_is_given_is_not_printed_twice_and_another_heading_stays() -> None:
    assert "# V" not in report("---\ntitel: Verslag\n---\n# verslag\n\nTekst").sections[0].text
    assert "# Begin" in report("---\ntitel: Verslag\n---\n# Begin\n\nTekst").sections[0].text


def test_yaml_has_its_parts_in_the_order_of_the_file_each_with_the_line_where_it_begins() -> None:
    found = report(DUTCH, "verslag.yaml")
    assert (found.sort, found.dossier, found.title, found.language) == (Sort.YAML, "K7Q4-MX2P", "Eindverslag", "nl")
    assert found.sections == (
        Section("Een nieuwe rol.", 4, straight=False, word="report_reason"),
        Section("Zes gesprekken.\n\n- rust", 8, heading="Wat opviel"),
        Section("Van februari tot juni.", 12, straight=False, word="report_course"),
    )


@pytest.mark.parametrize(("word", "key"), SYNONYMS.items())
def test_every_key_can_be_typed_in_dutch(word: str, key: str) -> None:
    assert read_yaml(f"{word}: x".encode(), "f.yaml", synonyms=SYNONYMS).tree == {key: "x"}


@pytest.mark.parametrize(
    ("name", "sort"), [("a.MD", Sort.MARKDOWN), ("b.yml", Sort.YAML), ("c.docx", Sort.WORD), ("d.PDF", Sort.PDF)]
)
def test_what_a_report_is_follows_from_the_end_of_its_name(name: str, sort: Sort) -> None:
    data = {Sort.WORD: b"PK\3\4...", Sort.PDF: b"%PDF-1.7"}.get(sort, b"verloop: goed")
    found = report(data, name)
    assert (found.sort, found.data) == (sort, data)


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("a.docm", b"PK", "a.docm:1:1: in dit Word-bestand zitten macro's; sla het op als gewoon Word-bestand"),
        ("a.odt", b"PK", "a.odt:1:1: zo'n bestand kan geen verslag zijn"),
        ("verslag", b"x", "verslag:1:1: zo'n bestand kan geen verslag zijn"),
        ("a.docx", b"\xd0\xcf\x11\xe0 locked by Word", "a.docx:1:1: dit is van binnen geen leesbaar Word-bestand"),
        ("a.pdf", b"PK", "a.pdf:1:1: dit is van binnen geen leesbare pdf"),
        ("a.md", b" \n\n", "a.md:1:1: er staat nog geen tekst"),
        ("a.md", b"# Verslag\n", "a.md:1:1: er staat nog geen tekst"),
        ("a.md", b"---\ntitel: Verslag\n---\n", "a.md:1:1: er staat nog geen tekst"),
        ("a.yaml", b"titel: Verslag\n", "a.yaml:1:1: er staat nog geen tekst"),
        ("a.md", b"---\ntitel: Verslag\n\nTekst.\n", "a.md:1:1: het blok dat hier met --- begint"),
        ("a.md", b"Goed.\nNiet \xff goed.", "a.md:2:1: dit bestand is niet in UTF-8 opgeslagen"),
    ],
)
def test_what_cannot_be_a_report_is_refused_in_words(name: str, data: bytes, said: str) -> None:
    assert refusal(data, name).startswith(said)


def test_front_matter_is_strict_and_its_problems_have_their_place_in_the_file() -> None:
    text = "---\nkenmrk: K7Q4-MX2P\ntaal: fr\nkenmerk: abc\n---\nTekst"
    assert refusal(text).splitlines() == [
        "verslag.md:2:1: 'kenmrk' is hier geen bekend woord; bedoelt u 'kenmerk'?",
        "verslag.md:3:1: 'fr' kan niet; kies uit: nl, en",
        "verslag.md:4:1: 'ABC' is geen kenmerk; dat ziet eruit als K7Q4-MX2P",
    ]


def test_every_problem_of_a_yaml_report_is_said_at_once_each_in_its_place() -> None:
    text = "titel: x\nsections:\n  - kop: Een\n    tekst: ''\n  - {tekst: Twee}\nadvise: nee\nlanguage: en\n"
    assert refusal(text, "r.yaml", "en").splitlines() == [
        "r.yaml:4:5: nothing stands here; fill in a value",
        "r.yaml:5:5: 'heading' is missing; fill it in",
        "r.yaml:6:1: 'advise' is not a known word here; did you mean 'advice'?",
    ]


def test_what_no_reader_can_see_is_refused_where_it_stands_and_a_tab_is_only_room() -> None:
    assert refusal("Goed.\n\nEen \u202everkeerde zin.") == (
        "verslag.md:3:5: hier staat een onzichtbaar besturingsteken (U+202E); typ de tekst opnieuw"
    )
    assert "U+0007" in refusal('verloop: "a\\ab"', "v.yaml")
    assert report("-\teen\r\n-\ttwee").sections[0].text == "-   een\n-   twee"


def test_a_report_has_bounds_and_says_which() -> None:
    assert refusal("a" * 10_000) == (
        f"verslag.md:1:1: deze regel is langer dan {LONGEST_LINE} tekens; begin eerder een nieuwe alinea"
    )
    assert "5000" in refusal("verloop: |\n  " + "a" * 10_000, "v.yaml")
    assert refusal("Een zin.\n" * (2 << 17)) == (
        f"verslag.md:1:1: dit is meer tekst dan een verslag kan hebben ({MOST_TEXT >> 10} kB); kort het in"
    )
    assert "64 kB" in refusal("verloop: |\n" + "  Een zin.\n" * 10_000, "v.yaml")
    assert "10 MB" in refusal(b"%PDF-" + bytes(MOST_FILE), "v.pdf")
    assert "te lang" in refusal("# " + "T" * 121 + "\n\nTekst")
    assert "te lang" in refusal("titel: " + "T" * 121 + "\nverloop: x", "v.yaml")


LINES = st.lists(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp", "Cf"]), max_size=30))


@given(LINES)
def test_each_line_of_markdown_stays_on_its_line(lines: list[str]) -> None:
    first = "Begin."
    kept = report("\n".join([first, *lines])).sections[0].text.split("\n")
    assert kept == [first, *(line.expandtabs(4) for line in lines)]


@given(st.sampled_from(["r.md", "r.yaml", "r.docx", "r.pdf"]), st.binary(max_size=200) | LINES.map("\n".join))
def test_whatever_is_dropped_is_a_report_or_a_refusal_with_a_place(name: str, data: bytes | str) -> None:
    text = data if isinstance(data, bytes) else data.encode()
    found: Report | None = None
    problems: list[Problem] = []
    try:
        found = report_of(name, text, language="en")
    except FileProblems as refused:
        problems = refused.problems
    assert all(problem.line >= 1 and problem.column >= 1 and problem.text for problem in problems)
    assert problems or (found and found.data == text and (found.sections or found.sort in {Sort.WORD, Sort.PDF}))
