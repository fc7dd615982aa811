"""An address of the web as it may stand in a file, and as it is opened from a mail or a calendar."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BeforeValidator

from pipeline.config.fields import line, problem

MOST_LINK = 1000
LINK = re.compile(r"https://[!#-;=?-\[\]_a-z~%]+", re.IGNORECASE | re.ASCII)
"""An address as it may stand in any file: in ASCII, without the signs that RFC 3986 keeps out of one."""


def https(value: object) -> str:
    """Take an address that is opened over an encrypted connection: https, a host, no name or password before it."""
    text = line(value)
    try:
        parts = urlsplit(text)
        fits = LINK.fullmatch(text) and parts.hostname and "@" not in parts.netloc and parts.port != 0
    except ValueError:
        fits = False
    if not fits or len(text) > MOST_LINK:
        raise problem("bad_link", value=text[:80])
    return text


def is_address(text: str) -> bool:
    """Tell whether a value is an address of the web and nothing else."""
    return re.fullmatch(r"https?://\S+", text.strip(), re.IGNORECASE) is not None


Https = Annotated[str, BeforeValidator(https)]
