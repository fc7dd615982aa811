"""The template folder as the press sees it: files by name, nothing outside, nothing over a network.

A template that the folder does not have is the one that comes with the program, as it would be in a new practice; a
picture or a Word file is the practice's own or nobody's.
"""

from __future__ import annotations

import base64
import binascii
import os.path
from pathlib import Path
from urllib.parse import unquote

from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

from pipeline.press.shipped import LENT, shipped

SCHEME = "asset:"
HELD = "data:image/png;base64,"
"""How a picture is given along in a value; the only address that holds what it names."""
MOST_BYTES = 16 * 1024 * 1024
TYPES = {".css": "text/css", ".svg": "image/svg+xml", ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg",
         ".ttf": "font/ttf", ".otf": "font/otf", ".woff2": "font/woff2"}  # fmt: skip


class NotAnAsset(Exception):
    """A template asked for something that the press does not give; the text says what to write instead."""


class Assets:
    """The files of one template folder, and what is lent where it has none."""

    def __init__(self, root: Path) -> None:
        """Serve `root`, which must exist."""
        self.root = root.resolve(strict=True)
        self.shipped = (shipped() / "templates").resolve()

    def path(self, name: str) -> Path:
        """Give where `name` lies; a link that leads outside, and anything but a file, is refused."""
        lent = Path(name).suffix in LENT and not os.path.lexists(self.root / name)
        root = self.shipped if lent else self.root
        path = (root / name).resolve()
        if not path.is_relative_to(root) or not path.is_file():
            raise NotAnAsset(f"'{name}' is not a file of the templates folder")
        return path

    def read(self, name: str) -> bytes:
        """Give the bytes of `name`."""
        path = self.path(name)
        if path.stat().st_size > MOST_BYTES:
            raise NotAnAsset(f"'{name}' is larger than {MOST_BYTES >> 20} MB")
        return path.read_bytes()


class Fetcher(URLFetcher):  # type: ignore[misc]  # WeasyPrint ships no types
    """Gives WeasyPrint `asset:` files and pictures given along; anything else ends the page with an error."""

    def __init__(self, assets: Assets) -> None:
        """Serve `assets` only; redirects do not exist."""
        super().__init__(allowed_protocols=(), allow_redirects=False, fail_on_errors=True)
        self.assets = assets

    def fetch(self, url: str, headers: dict[str, str] | None = None) -> URLFetcherResponse:  # noqa: ARG002 - called so
        """Give what `url` names, or raise an error that ends the page."""
        if url.startswith(HELD):
            return URLFetcherResponse(url, _held(url), {"Content-Type": "image/png"})
        if not url.startswith(SCHEME):
            raise FatalURLFetchingError(
                f"'{url[:100]}' cannot be used; put the file in templates/ and write asset:NAME"
            )
        name = unquote(url.removeprefix(SCHEME).split("#")[0].split("?")[0])
        try:
            body = self.assets.read(name)
        except NotAnAsset as error:
            raise FatalURLFetchingError(str(error)) from None
        kind = TYPES.get(Path(name).suffix.lower(), "application/octet-stream")
        return URLFetcherResponse(url, body, {"Content-Type": kind})


def _held(url: str) -> bytes:
    try:
        return base64.b64decode(url.removeprefix(HELD), validate=True)
    except binascii.Error:
        raise FatalURLFetchingError("a picture that was given along is damaged") from None
