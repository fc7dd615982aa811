"""`pipeline statement` makes what is published, from what runs: the same each time, for paper, screen and phone."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pypdfium2
import pytest

from pipeline.errors import ConfigError
from tests.cli.commands import Typing
from tests.world import World

NAMES = [f"privacy-2026-11-{language}.{kind}" for language in ("nl", "en") for kind in ("pdf", "html")]


class Page(HTMLParser):
    """The parts of a page that a test asks for."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data: str) -> None:
        self.words += data

    def rules(self) -> list[str]:
        return [value for _, attributes in self.tags if (value := attributes.get("data-rule"))]


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What the command puts in the practice's storage."""
    world = World(tmp_path_factory.mktemp("practice"))
    done = world.typed("statement")
    assert done.returncode == 0, done.stderr
    files = [Path(line) for line in done.stdout.splitlines()]
    assert {file.parent for file in files} == {world.folder / "storage" / "statements" / "2026-11"}
    return {file.name: file.read_bytes() for file in files}


def words_of(pdf: bytes) -> str:
    pages = pypdfium2.PdfDocument(pdf)
    return " ".join(" ".join(page.get_textpage().get_text_range().split()) for page in pages)


def test_it_is_made_in_both_languages_as_pdf_and_html(published: dict[str, bytes]) -> None:
    assert list(published) == NAMES
    assert all(data.startswith(b"%PDF") for name, data in published.items() if name.endswith("pdf"))


@pytest.mark.parametrize("language", ["nl", "en"])
def test_the_page_for_the_web_fetches_nothing_and_says_its_language(published: dict[str, bytes], language: str) -> None:
    page = Page(published[f"privacy-2026-11-{language}.html"].decode())
    assert ("html", {"lang": language}) in page.tags
    assert {tag for tag, _ in page.tags} & {"script", "link", "img", "iframe", "object", "form"} == set()
    assert [attributes for _, attributes in page.tags if {"src", "srcset", "style"} & attributes.keys()] == []
    assert not re.search(r"url\(|@import|asset:", page.words)
    assert any(attributes.get("name") == "viewport" for _, attributes in page.tags)


@pytest.mark.parametrize("language", ["nl", "en"])
def test_each_sentence_on_the_web_carries_its_rule(published: dict[str, bytes], language: str) -> None:
    page = Page(published[f"privacy-2026-11-{language}.html"].decode())
    assert {"kleur.general", "kleur.profile", "law.fiscal", "kleur.mail.report", "kleur.profile.never", "profile_share",
            "kleur.request", "kleur.breach", "kleur.complaints", "kleur.changes", "K-12.general"} <= {
                rule for rules in page.rules() for rule in rules.split()}  # fmt: skip
    assert "kleur." not in re.sub(r"<[^>]*>", "", published[f"privacy-2026-11-{language}.html"].decode())


def test_paper_and_web_say_the_same(published: dict[str, bytes]) -> None:
    for language, sentence in (("nl", "Wij geven uw profiel nooit aan derden."),
                               ("en", "We never give your profile to third parties.")):  # fmt: skip
        assert sentence in words_of(published[f"privacy-2026-11-{language}.pdf"])
        assert sentence in published[f"privacy-2026-11-{language}.html"].decode()


def test_the_same_practice_gives_the_same_bytes(typed: Typing, tmp_path: Path, published: dict[str, bytes]) -> None:
    assert typed("statement", "--to", str(tmp_path / "again")).code == 0
    assert {file.name: file.read_bytes() for file in (tmp_path / "again").iterdir()} == published


def test_one_language_is_made_when_one_is_asked_for(typed: Typing, tmp_path: Path) -> None:
    done = typed("statement", "--language", "en", "--to", str(tmp_path / "site"))
    assert done.out.split() == [str(tmp_path / "site" / name) for name in NAMES if "-en." in name]
    assert not (typed.world.folder / "storage" / "statements").exists()


def test_a_published_version_is_not_made_again_with_another_promise(typed: Typing) -> None:
    world = typed.world
    world.work()
    assert typed("statement", "--language", "nl").code == 0
    before = {file.name: file.read_bytes() for file in (world.folder / "storage/statements/2026-11").iterdir()}
    world.change("^  goal_to_sponsor: no.*$", "  goal_to_sponsor: yes")
    refused = typed("statement")
    assert refused.code == ConfigError.exit_code
    assert "recipients sponsor: reads_the_goal was no, is nu yes" in refused.said
    assert {file.name: file.read_bytes() for file in (world.folder / "storage/statements/2026-11").iterdir()} == before
    world.change(r'^  version: "2026-11"$', '  version: "2026-12"')
    assert typed("statement", "--language", "nl").code == 0
    assert (world.folder / "storage/statements/2026-12/privacy-2026-12-nl.pdf").is_file()
