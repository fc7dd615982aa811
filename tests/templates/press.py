"""The program's own press, taken apart for the tests: a template and its values become text, layout, PDF or Word."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import weasyprint
from jinja2 import Environment
from weasyprint.urls import URLFetcherResponse

from pipeline.press import templates
from pipeline.press import word as words
from pipeline.press.assets import Assets as Files
from pipeline.press.assets import Fetcher
from pipeline.press.page import PagePress

TEMPLATES = Path(__file__).parents[2] / "templates"
FILES = Files(TEMPLATES)


def house_press() -> PagePress:
    """A press that knows no font of this computer, as the press's process does not."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FONTCONFIG_FILE", str(TEMPLATES / "fonts" / "fonts.conf"))
        return PagePress(FILES)


PAGES = house_press()  # one for all documents: each new font configuration is never wholly given back


class Assets(Fetcher):
    """The program's fetcher, which also remembers what it was asked for."""

    def __init__(self) -> None:
        super().__init__(FILES)
        self.asked: list[str] = []

    def fetch(self, url: str, headers: dict[str, str] | None = None) -> URLFetcherResponse:
        self.asked.append(url)
        return super().fetch(url, headers)


@cache
def environment(*, html: bool) -> Environment:
    """The environment the program renders in."""
    return templates.environment(FILES, escape=html)


def text(template: str, context: Mapping[str, Any]) -> str:
    """The worded template: escaped when it is HTML, plain when it is a mail text."""
    return environment(html=template.endswith(".html")).get_template(template).render(context)


def layout(template: str, context: Mapping[str, Any], fetcher: Fetcher | None = None) -> weasyprint.Document:
    """The document laid out on pages."""
    html = weasyprint.HTML(string=text(template, context), url_fetcher=fetcher or Assets())
    return html.render(font_config=PAGES.fonts, pdf_forms=True)


def pdf(template: str, context: Mapping[str, Any]) -> bytes:
    """The document as PDF."""
    return PAGES.print(text(template, context))[0]


def word(template: str, context: Mapping[str, Any]) -> bytes:
    """The filled Word document."""
    return words.fill(FILES.read(template), context, environment(html=True))
