"""Values that want to be more than text, the fields they can stand in, and how a page must show them."""

# ruff: noqa: RUF001 - letters that look alike are the subject

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

SHOWN: dict[str, str] = {
    "a sum": "{{ 7*7 }}",
    "a large sum": "{{ 1009*1013 }}",
    "a statement": "{% for i in range(9) %}x{% endfor %}",
    "raw": "{% raw %}",
    "end": "{% endraw %}",
    "a block": "{% block content %}",
    "a remark": "{# hidden",
    "a closed remark": "{# hidden #}",
    "a line": "# for i in x",
    "the program": "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "an include": "{% include '/etc/passwd' %}",
    "a format": "{0.__class__} %s %(name)s ${HOME} `id` $(id)",
    "word's way": "{{r x }}{%tr for %}{{p x }}{%- if -%}",
    "a script": "<script>alert(1)</script>",
    "a picture": "<img src=file:///etc/passwd>",
    "a picture with a handler": "<img src=x onerror=alert(1)>",
    "a link": '<a href="javascript:alert(1)">x</a>',
    "an attachment": '<link rel=attachment href="file:///etc/passwd">',
    "a style": "<style>*{display:none}</style>",
    "an end": '"></p></div></body></html>',
    "a property": '" style="display:none',
    "css": "}*{content:url(file:///etc/passwd)}",
    "an import": "@import url(http://127.0.0.1:9/x);",
    "cdata": "]]>",
    "cdata begun": "<![CDATA[x",
    "a comment": "<!-- x -->",
    "a comment's end": "--> x <!--",
    "a declaration": '<!DOCTYPE x [<!ENTITY e "y">]>',
    "a reference": "&amp;",
    "references": "&lt;b&gt; &#65; &nbsp; &e;",
    "word's xml": "</w:t></w:r><w:r><w:br/>",
    "quotes": "\"x\" 'y' ´z´ «w»",
    "a backslash": "\\n \\0 \\u0041 C:\\x",
    "a header": "x Bcc: b@c.example",
    "an encoded word": "=?UTF-8?Q?=0ABcc=3A_x?=",
    "quoted printable": "=0D=0ABcc:=20x =3D",
    "a boundary": "--===0=--",
    "dots": ".",
    "dots and more": "..x",
    "sql": "'; DROP TABLE x;--",
    "a path": "../../etc/passwd",
    "null": "null",
    "no": "no",
    "a number": "012345",
    "infinity": "1e999",
    "a tilde": "~x",
    "plain accents": "Zoë Brontë-Çelik Łukasz Øye",
    "greek": "Ελένη Παπαδοπούλου",
    "cyrillic": "Жанна Агузарова",
    "turkish": "İIıi Şöğüt",
    "a long s": "ſtraße ẞ",
    "emoji": "🙂 🌱",
    "a flag": "🇳🇱",
    "a family": "👩‍👩‍👧",
    "hebrew": "שרה כהן",
    "arabic": "فاطمة الزهراء",
    "marks": "Z͑a͗l͛g̈o",
    "a mark alone": "é ö",
    "spaces": "a b c",
    "zero width": "a\u200bb\u200dc\ufeffd",
    "a soft hyphen": "a\u00adb",
    "a mark of direction": "a\u200fb",
    "chinese": "李雷",
    "mathematics": "𝔘𝔫𝔦",
    "wide": "ＡＢＣ",
    "an outsider": "\U000e0041x",
    "private": "\ue000x",
    "no character": "a\ufffdb",
}
"""Each is kept as it is and shown where it belongs."""

REFUSED: dict[str, str] = {
    "nul": "a\0b",
    "bell": "a\x07b",
    "escape": "a\x1b[2Jb",
    "tab": "a\tb",
    "delete": "a\x7fb",
    "next line": "a\x85b",
    "line separator": "a\u2028b",
    "paragraph separator": "a\u2029b",
    "turned": "a\u202eb",
    "embedded": "a\u202ab",
    "isolated": "a\u2066b",
    "half a pair": "a\ud83db",
    "return": "a\rb",
    "a new header": "a\r\nBcc: b@c.example",
    "form feed": "a\x0cb",
    "too long": "x" * 10_001,
}
"""Each is refused, with a note that says what to mend."""

SUM = "1022117"
"""What no paper shows unless it was computed."""

FIELDS = (
    "name",
    "salutation",
    "organisation",
    "role",
    "payer",
    "contact",
    "address",
    "order",
    "goal",
    "description",
    "unit",
)
UNSEEN = ("Cf", "Mn", "Me", "Zs", "Cn", "Co", "So", "Sk")


def quoted(text: str) -> str:
    """Write a value between double quotes as YAML has it, whatever it holds."""
    return '"' + "".join(c if c.isprintable() and c not in '"\\' else f"\\U{ord(c):08x}" for c in text) + '"'


def client_file(values: Mapping[str, str], *, sponsored: bool, number: int = 0) -> str:
    """Give the client file of client `number` with `values` (of FIELDS) in place and words of its own elsewhere."""

    def said(field: str) -> str:
        return quoted(values.get(field, f"own{field}"))

    payer = (
        f"sponsor: {{organisation: {said('payer')}, contact: {said('contact')}, email: payer{number}@work.example,"
        f" address: {said('address')}, purchase_order: {said('order')}}}\n"
    )
    return (
        f"client: {{name: {said('name')}, salutation: {said('salutation')}, email: client{number}@home.example,"
        f" organisation: {said('organisation')}, role: {said('role')}, phone: {said('phone')}}}\n"
        f"{payer if sponsored else ''}goal: {said('goal')}\n"
        f"lines: [{{description: {said('description')}, unit: {said('unit')}, unit_price: 100, vat: 21}}]\n"
    )


def drawn_otherwise(text: str) -> bool:
    """Tell whether a text may be drawn in another order than it is written: from right to left, or with loose marks."""
    loose = any(unicodedata.combining(character) for character in unicodedata.normalize("NFC", text))
    return loose or any(unicodedata.bidirectional(character) in {"R", "AL"} for character in text)


def seen(text: str) -> str:
    """Give what a reader of paper can tell apart.

    PDF keeps glyphs, not characters: spaces, and what has no glyph of its own or is drawn into its neighbour's, are
    left out; the rest is brought into one form.
    """
    plain = unicodedata.normalize("NFKD", text)
    return "".join(c for c in plain if unicodedata.category(c) not in UNSEEN and not c.isspace() and ord(c) < 0x10000)
