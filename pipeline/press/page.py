"""HTML and CSS to PDF by WeasyPrint, one page at a time in one process, with one font configuration.

A new font configuration per document leaks, and one shared between threads corrupts memory; hence one press, one job
at a time. `fonts.css` is read once; a document's own style sheets are read with it.
"""

from __future__ import annotations

from typing import Any

from weasyprint import CSS, HTML
from weasyprint.text.fonts import FontConfiguration

from pipeline.press.assets import Assets, Fetcher, NotAnAsset

FONTS = "fonts.css"
MM = 25.4 / 96
SIGNATURE = "signature"


class PagePress:
    """Prints HTML pages."""

    def __init__(self, assets: Assets) -> None:
        """Read the fonts of the template folder."""
        self.fetcher, self.fonts = Fetcher(assets), FontConfiguration()
        try:
            self.sheets = [CSS(string=assets.read(FONTS).decode(), font_config=self.fonts, url_fetcher=self.fetcher)]
        except NotAnAsset:
            self.sheets = []

    def print(self, html: str) -> tuple[bytes, dict[str, Any]]:
        """Give the PDF of `html`, and the places (mm from the top left) of what has an id `signature`."""
        document = HTML(string=html, url_fetcher=self.fetcher, base_url=None).render(
            font_config=self.fonts, stylesheets=self.sheets, pdf_forms=True, presentational_hints=False
        )
        places = {}
        for number, page in enumerate(document.pages, 1):
            if SIGNATURE in page.anchors:
                left, top, right, bottom = (round(float(value) * MM, 2) for value in page.anchors[SIGNATURE])
                places[SIGNATURE] = [number, left, top, round(right - left, 2), round(bottom - top, 2)]
        return document.write_pdf(pdf_forms=True), places
