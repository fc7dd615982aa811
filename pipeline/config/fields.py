"""The types of what people type: each takes text and gives a value, or a problem that says what to write instead.

Every leaf arrives as text (see `source`). Free text is kept verbatim; only characters that no reader can see (controls,
and marks that turn the direction of what follows) are refused, since they exist to make a page say something else.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from pathlib import PurePosixPath
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, available_timezones

from email_validator import EmailNotValidError, validate_email
from pydantic import BeforeValidator, PlainSerializer
from pydantic_core import PydanticCustomError

MOST_CHARACTERS = 10_000
TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
SEPARATORS = frozenset("\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029")
GROUPED_BY_POINT = re.compile(r"(-?\d{1,3}(?:\.\d{3}){1,2}),(\d{2})", re.ASCII)
GROUPED_BY_COMMA = re.compile(r"(-?\d{1,3}(?:,\d{3}){1,2})\.(\d{2})", re.ASCII)
PLAIN = re.compile(r"(-?\d{1,9})(?:[.,](\d{2}))?", re.ASCII)
REFERENCE = re.compile(r"[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}")


def problem(word: str, **values: object) -> PydanticCustomError:
    """Make the error that `problems` says in the reader's language; `word` is a name in `pipeline.words`."""
    return PydanticCustomError("said", word, values or None)


def _text(value: object) -> str:
    if isinstance(value, dict | list):
        raise problem("want_text")
    if value is None or not str(value).strip():
        raise problem("empty")
    text = str(value).strip()
    if len(text) > MOST_CHARACTERS:
        raise problem("too_long", most=MOST_CHARACTERS)
    return text


def lines(value: object) -> str:
    """Free text of one or more lines, verbatim."""
    text = _text(value).replace("\r\n", "\n")
    for character in text:
        hidden = unicodedata.category(character) in {"Cc", "Cs"} and character != "\n"
        if hidden or character in TURNING or character in SEPARATORS:
            raise problem("control", code=f"U+{ord(character):04X}")
    return text


def line(value: object) -> str:
    """Free text of one line, verbatim."""
    text = lines(value)
    if "\n" in text:
        raise problem("one_line")
    return text


def email(value: object) -> str:
    """One addr-spec (RFC 5321), its domain in ASCII (IDNA), without a display name or a comment."""
    text = line(value)
    try:
        checked = validate_email(
            text, check_deliverability=False, allow_smtputf8=False, test_environment=True, strict=True
        )
    except EmailNotValidError:
        raise problem("bad_email", value=text[:80]) from None
    if checked.local_part.startswith("=?"):  # an encoded word (RFC 2047), which mail programs would decode
        raise problem("bad_email", value=text[:80])
    return f"{checked.local_part}@{checked.ascii_domain}"


def amount(value: object) -> Decimal:
    """Money in euro: two decimals or none, with a comma or a point; `1.250` is refused, it can be read two ways."""
    text = _text(value).removeprefix("€").replace("\u00a0", "").replace(" ", "")
    found = GROUPED_BY_POINT.fullmatch(text) or GROUPED_BY_COMMA.fullmatch(text) or PLAIN.fullmatch(text)
    if not found:
        raise problem("bad_amount", value=text[:80])
    return Decimal(re.sub(r"[.,]", "", found[1]) + "." + (found[2] or "00"))


def number(value: object) -> Decimal:
    """A quantity above zero, with at most three decimals."""
    text = _text(value)
    if not re.fullmatch(r"\d{1,6}(?:[.,]\d{1,3})?", text, re.ASCII) or not Decimal(text.replace(",", ".")):
        raise problem("bad_number", value=text[:80])
    return Decimal(text.replace(",", "."))


def vat(value: object) -> Decimal | None:
    """A VAT rate in percent, or None for what is exempt (art. 11 Wet OB)."""
    text = _text(value).removesuffix("%").strip().casefold()
    if text in {"vrijgesteld", "exempt"}:
        return None
    if text not in {"21", "9", "0"}:
        raise problem("bad_vat", value=text[:80])
    return Decimal(text)


def yes_no(value: object) -> bool:
    """`ja`, `nee`, `yes`, `no`, `true` or `false`."""
    known = {"ja": True, "yes": True, "true": True, "nee": False, "no": False, "false": False}
    text = value if isinstance(value, bool) else _text(value).casefold()
    if isinstance(text, bool):
        return text
    if text not in known:
        raise problem("bad_yes_no", value=text[:80])
    return known[text]


def count(least: int, most: int) -> BeforeValidator:
    """A whole number from `least` to `most`."""

    def check(value: object) -> int:
        text = str(value) if isinstance(value, int) else _text(value)
        if not re.fullmatch(r"\d{1,9}", text, re.ASCII) or not least <= int(text) <= most:
            raise problem("bad_count", value=text[:80], least=least, most=most)
        return int(text)

    return BeforeValidator(check)


def choice(*choices: str, **synonyms: str) -> BeforeValidator:
    """One of `choices`; `synonyms` are other words for them."""

    def check(value: object) -> str:
        text = _text(value)
        chosen = synonyms.get(text.casefold(), text.casefold())
        if chosen not in choices:
            raise problem("bad_choice", value=text[:80], choices=", ".join(choices))
        return chosen

    return BeforeValidator(check)


def _shaped(word: str, pattern: str, *, drop: str = " .") -> BeforeValidator:
    def check(value: object) -> str:
        text = _text(value).upper()
        kept = "".join(character for character in text if character not in drop)
        if not re.fullmatch(pattern, kept, re.ASCII):
            raise problem(word, value=text[:80])
        return kept

    return BeforeValidator(check)


def iban(value: object) -> str:
    """A bank account whose check digits agree (ISO 13616, mod 97), in groups of four."""
    text = _text(value).upper().replace(" ", "")
    shaped = re.fullmatch(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}", text, re.ASCII)
    if not shaped or int("".join(str(int(letter, 36)) for letter in text[4:] + text[:4])) % 97 != 1:
        raise problem("bad_iban", value=text[:80])
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def file_name(value: object) -> str:
    """A file inside the templates folder, by its relative name."""
    text = line(value)
    path = PurePosixPath(text)
    if path.is_absolute() or ".." in path.parts or "\\" in text:
        raise problem("bad_file", value=text[:80])
    return str(path)


def url(value: object) -> str:
    """A web address in full; nothing but http(s) is ever made a link."""
    text = line(value)
    if not re.fullmatch(r"https?://[^\s<>\"'\\]+", text):
        raise problem("bad_url", value=text[:80])
    return text


def timezone(value: object) -> str:
    """An IANA time zone."""
    text = line(value)
    if text not in available_timezones():
        raise problem("bad_timezone", value=text[:80])
    return ZoneInfo(text).key


Line = Annotated[str, BeforeValidator(line)]
Lines = Annotated[str, BeforeValidator(lines)]
Email = Annotated[str, BeforeValidator(email)]
Amount = Annotated[Decimal, BeforeValidator(amount)]
Number = Annotated[Decimal, BeforeValidator(number)]
Vat = Annotated[
    Decimal | None,
    BeforeValidator(vat),
    PlainSerializer(lambda rate: "exempt" if rate is None else str(rate), return_type=str, when_used="json"),
]
YesNo = Annotated[bool, BeforeValidator(yes_no)]
Kvk = Annotated[str, _shaped("bad_kvk", r"\d{8}")]
Btw = Annotated[str, _shaped("bad_btw", r"NL\d{9}B\d{2}")]
Reference = Annotated[str, _shaped("bad_reference", REFERENCE.pattern)]
Iban = Annotated[str, BeforeValidator(iban)]
FileName = Annotated[str, BeforeValidator(file_name)]
Url = Annotated[str, BeforeValidator(url)]
Timezone = Annotated[str, BeforeValidator(timezone)]
Language = Annotated[Literal["nl", "en"], choice("nl", "en", nederlands="nl", dutch="nl", engels="en", english="en")]
