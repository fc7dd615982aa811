"""A client file is the same when it comes back from the database, and every file that we show loads."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import newpractice
from pipeline.config.client import ClientFile, quote_lines
from pipeline.config.practice import read_practice_file
from tests.config.reading import SANNE, client, problems

TEXT = st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=12)
MONEY = st.integers(-99_999_999_999, 99_999_999_999).map(lambda cents: f"{Decimal(cents).scaleb(-2):.2f}")
LINE = st.fixed_dictionaries(
    {"description": TEXT, "unit_price": MONEY, "vat": st.sampled_from(["21", "9", "0", "exempt", "vrijgesteld"])},
    optional={"quantity": st.integers(1, 999_999_999).map(lambda n: f"{Decimal(n).scaleb(-3):.3f}"), "unit": TEXT},
)
FILE = st.fixed_dictionaries(
    {"client": st.fixed_dictionaries({"name": TEXT, "email": st.sampled_from(["s@home.example", "S@münchen.example"])},
                                     optional={"phone": TEXT, "salutation": TEXT, "organisation": TEXT}),
     "lines": st.lists(LINE, min_size=1, max_size=3)},
    optional={
        "sponsor": st.fixed_dictionaries({"organisation": TEXT, "contact": TEXT, "email": st.just("p@work.example")},
                                         optional={"address": st.lists(TEXT).map("\n".join).filter(str.strip)}),
        "goal": TEXT, "language": st.sampled_from(["nl", "Engels"]), "dossier": st.just("k7q4-mx2p"),
    },
)  # fmt: skip


@settings(deadline=None, max_examples=150)
@given(FILE)
def test_a_client_file_is_the_same_when_it_comes_back_from_the_database(typed: dict[str, object]) -> None:
    read_once = ClientFile.model_validate(typed)
    assert ClientFile.model_validate_json(read_once.model_dump_json()) == read_once


def test_a_very_large_amount_comes_back_from_the_database_too() -> None:
    refused = problems(f"{SANNE}lines: [{{description: a, unit_price: '1.000.000.000,00', vat: 21}}]")
    taken = None if refused else client(f"{SANNE}lines: [{{description: a, unit_price: '1.000.000.000,00', vat: 21}}]")
    assert taken is None or ClientFile.model_validate_json(taken.model_dump_json()) == taken


def test_the_shipped_examples_load_and_say_the_same_in_both_languages() -> None:
    practice = read_practice_file(newpractice.shipped())
    files = {}
    for language in ("nl", "en"):
        data = (newpractice.shipped() / "templates" / language / "client.yaml").read_bytes()
        files[language] = client(data, language=language, catalogue=tuple(practice.programmes))
        assert files[language].language == language
    facts = {language: file.model_dump(exclude={"language", "goal"}) for language, file in files.items()}
    for words in facts.values():
        words["client"] = {key: value for key, value in words["client"].items() if key not in {"salutation", "role"}}
    assert facts["nl"] == facts["en"]
    assert quote_lines(files["nl"], practice.catalogue) == practice.programmes["loopbaan"].lines


@pytest.mark.parametrize("language", ["nl", "en"])
def test_what_the_shipped_example_shows_as_a_comment_works_too(language: str) -> None:
    text = (newpractice.shipped() / "templates" / language / "client.yaml").read_text("utf-8")
    without = re.sub(r"^programm.*\n", "", text, flags=re.MULTILINE)
    own = re.sub(r"^# ?(?=(regels|lines|ontvangt|receives|  - ))", "", without, flags=re.MULTILINE)
    read_back = client(own, language=language)
    assert read_back.lines and read_back.lines[0].quantity == 5 and read_back.receives.quote == "both"


def _snippets() -> list[tuple[str, str]]:
    readme = Path(newpractice.shipped(), "README.md")
    text = readme.read_text("utf-8") if readme.is_file() else ""
    found = re.findall(r"^ *```ya?ml\n(.*?)^ *```", text, flags=re.MULTILINE | re.DOTALL)
    kinds = [(re.match(r"\s*#.*?(client file|practice\.yaml)", snippet), snippet) for snippet in found]
    return [(kind[1], dedent(snippet)) for kind, snippet in kinds if kind]


def _filled_up(snippet: str) -> str:
    """Give the snippet with what it leaves out of the shipped practice.yaml."""
    blocks = re.split(r"^(?=\w)", (newpractice.shipped() / "practice.yaml").read_text("utf-8"), flags=re.MULTILINE)
    shown = set(re.findall(r"^(\w+):", snippet, flags=re.MULTILINE))
    return snippet + "\n" + "".join(block for block in blocks if block.split(":")[0] not in shown)


def test_every_form_in_the_readme_loads(tmp_path: Path) -> None:
    for kind, snippet in _snippets():
        if kind == "client file":
            assert problems(snippet, language="en") == [], snippet
        else:
            (tmp_path / "practice.yaml").write_text(_filled_up(snippet), "utf-8")
            read_practice_file(tmp_path)
