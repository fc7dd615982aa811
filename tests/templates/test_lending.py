"""A template that a practice does not have is the one that comes with the program; nothing else is ever borrowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.press import templates
from pipeline.press.assets import Assets, NotAnAsset
from pipeline.press.shipped import lent, shipped

SHIPPED = shipped() / "templates"


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """The templates of a practice that only has a quote."""
    (tmp_path / "templates" / "nl").mkdir(parents=True)
    (tmp_path / "templates" / "nl" / "quote.html").write_text("Mijn offerte", "utf-8")
    (tmp_path / "secret.html").write_text("geheim", "utf-8")
    return tmp_path / "templates"


def test_what_the_practice_has_is_used_and_what_it_lacks_is_lent(own: Path) -> None:
    assert Assets(own).read("nl/quote.html") == b"Mijn offerte"
    for name in ("receipt.html", "nl/mail/daily.txt", "house.css", "fonts/SourceSans3-Regular.ttf"):
        assert Assets(own).read(name) == (SHIPPED / name).read_bytes()


@pytest.mark.parametrize("name", ["logo.svg", "nl/quote.docx", "nl/client.yaml"])
def test_somebody_elses_logo_or_word_file_is_never_lent(own: Path, name: str) -> None:
    assert (SHIPPED / name).is_file()
    with pytest.raises(NotAnAsset):
        Assets(own).read(name)


def test_what_is_lent_opens_no_other_folder(own: Path) -> None:
    (own / "out.html").symlink_to(own.parent / "secret.html")
    (own / "receipt.html").symlink_to(own.parent / "gone.html")
    beside = f"../{SHIPPED.name}-of-another/x.html"
    for name in ("out.html", "receipt.html", "../secret.html", str(own.parent / "secret.html"), beside, "nobody.html"):
        with pytest.raises(NotAnAsset):
            Assets(own).read(name)


def test_a_template_that_is_made_later_takes_the_place_of_the_lent_one(own: Path) -> None:
    made = templates.environment(Assets(own), escape=False)
    values = {"greeting": "Dag", "attachments": []}
    assert "vergrendeld" in made.get_template("nl/mail/locked.txt").render(values)
    (own / "nl" / "mail").mkdir()
    (own / "nl" / "mail" / "locked.txt").write_text("{{ greeting }}, achter slot", "utf-8")
    assert made.get_template("nl/mail/locked.txt").render(values) == "Dag, achter slot"
    (own / "nl" / "mail" / "locked.txt").unlink()
    assert "vergrendeld" in made.get_template("nl/mail/locked.txt").render(values)


def test_a_whole_copy_of_a_paper_needs_no_frame_and_words_alone_borrow_it(own: Path) -> None:
    (own / "en").mkdir()
    (own / "en" / "report.html").write_text("My own report for {{ client.name }}", "utf-8")
    (own / "nl" / "report.html").write_bytes((SHIPPED / "nl" / "report.html").read_bytes())
    made = templates.environment(Assets(own), escape=True)
    assert made.get_template("en/report.html").render({"client": {"name": "Sanne"}}) == "My own report for Sanne"
    (own / "frames").mkdir()
    (own / "frames" / "report.html").write_text("{{ words.version }}: {% block to_whom %}{% endblock %}", "utf-8")
    values = {"client": {"name": "Sanne"}, "sponsor": None, "report": {"title": "Verslag"}}
    assert made.get_template("nl/report.html").render(values).startswith("Versie: Dit verslag is geschreven voor")
    (own / "frames" / "report.html").unlink()
    assert "content" in made.get_template("frames/report.html").blocks


def test_what_is_lent_is_named_and_fonts_are_no_templates(own: Path) -> None:
    names = lent(own)
    assert {"receipt.html", "house.css", "nl/mail/daily.txt", "en/quote.html"} <= set(names)
    assert "nl/quote.html" not in names and not [name for name in names if name.startswith("fonts")]
    assert lent(SHIPPED) == []
