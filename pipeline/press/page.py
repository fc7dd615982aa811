"""HTML and CSS to PDF by WeasyPrint, one page at a time in one process, with one font configuration.

A new font configuration per document leaks, and one shared between threads corrupts memory; hence one press, one job
at a time. A style sheet that a page links to is parsed once for all pages, which saves a seventh of the time.
"""

from __future__ import annotations

import re
from typing import Any

from weasyprint import CSS, HTML
from weasyprint.text.fonts import FontConfiguration

from pipeline.press.assets import SCHEME, Assets, Fetcher

LINKED = re.compile(rf'<link rel="stylesheet" href="{SCHEME}([^"]+)">')
MM = 25.4 / 96
SIGNATURE = "signature"


class PagePress:
    """Prints HTML pages."""

    def __init__(self, assets: Assets) -> None:
        """Print with the style sheets, pictures and fonts of `assets`."""
        self.assets, self.fetcher, self.fonts = assets, Fetcher(assets), FontConfiguration()
        self._sheets: dict[str, tuple[bytes, CSS]] = {}

    def print(self, html: str) -> tuple[bytes, dict[str, Any]]:
        """Give the PDF of `html`, and the place (mm from the top left) of what has the id `signature`."""
        sheets = [self._sheet(name) for name in LINKED.findall(html)]
        document = HTML(string=LINKED.sub("", html), url_fetcher=self.fetcher, base_url=None).render(
            font_config=self.fonts, stylesheets=sheets, pdf_forms=True
        )
        places = {}
        for number, page in enumerate(document.pages, 1):
            if SIGNATURE in page.anchors:
                left, top, right, bottom = (round(float(value) * MM, 2) for value in page.anchors[SIGNATURE])
                places[SIGNATURE] = [number, left, top, round(right - left, 2), round(bottom - top, 2)]
        return document.write_pdf(pdf_forms=True), places

    def _sheet(self, name: str) -> CSS:
        """Give a parsed style sheet; it is parsed again when its file has changed."""
        data = self.assets.read(name)
        if self._sheets.get(name, (b"",))[0] != data:
            parsed = CSS(string=data.decode(), font_config=self.fonts, url_fetcher=self.fetcher)
            self._sheets[name] = data, parsed
        return self._sheets[name][1]
