"""Client files that mean harm or were mangled, and one that is well."""

from __future__ import annotations

from typing import cast

GOOD = """\
client:
  name: Sanne Jansen
  email: sanne@home.example
  phone: 06 5555 0142
sponsor:
  organisation: Work
  contact: Peter de Vries
  email: peter@work.example
  address: |
    Street 1
    1234 AB Town
goal: "more rest"
lines:
  - {description: talk, quantity: 2, unit: hour, unit_price: 100.00, vat: 21}
language: nl
receives: {quote: both}
"""
_START = "client: {name: A, email: a@b.example}\nprogramme: kort\n"
_BOMB = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 40))


def _of_client(name: str) -> str:
    return f"client: {{name: {name}, email: a@b.example}}\nprogramme: kort\n"


BAD: dict[str, bytes] = {
    name: text if isinstance(text, bytes) else text.encode()
    for name, text in cast(
        "dict[str, str | bytes]",
        {
            "empty": "",
            "only a comment": "# x\n",
            "only a word": "hello",
            "a list": "- a\n- b\n",
            "a number": "42",
            "alias bomb": _BOMB,
            "one alias": _START + "goal: &a x\nlanguage: *a\n",
            "merge": "<<: {a: b}\n" + _START,
            "anchor": _START + "goal: &a x\n",
            "alias of nothing": _START + "goal: *nobody\n",
            "anchor on itself": "client: &a [*a]\n",
            "tag": _START + "goal: !!str x\n",
            "python tag": "!!python/object/apply:os.system [touch /tmp/x]\n",
            "python tag in a value": _of_client('!!python/name:os.system ""'),
            "own tag": _START + "goal: !x y\n",
            "binary tag": _START + "goal: !!binary aGk=\n",
            "tag directive": "%TAG ! tag:x,2000:\n---\n" + _START + "goal: !a b\n",
            "future yaml": "%YAML 9.9\n---\n" + _START,
            "unknown tag bytes": _START + "goal: !<%ff%fe> x\n",
            "key twice": _START + "programme: lang\n",
            "key twice in two tongues": _START + "programma: kort\n",
            "two documents": _START + "---\n" + _START,
            "list as key": "? [a]\n: b\n",
            "map as key": "? {a: b}\n: c\n",
            "unknown key": _START + "gaol: x\n",
            "a key like a format": _START + "'{0.__class__}': x\n",
            "deep flow": "[" * 3000,
            "deep map": "{a: " * 3000,
            "deep dashes": "- " * 20000,
            "deep questions": "? " * 20000,
            "deep and closed": "a: " + "[" * 500 + "]" * 500 + "\n",
            "two hundred thousand items": "[" + "1," * 200_000 + "]",
            "items within the limit": "[" + "1," * 30_000 + "]",
            "keys within the limit": "".join(f"k{n}: 1\n" for n in range(6000)),
            "same key": "a: 1\n" * 10_000,
            "lines within the limit": _START.replace("programme: kort", "lines:") + "- {}\n" * 10_000,
            "too large": _START + "#" * 70_000,
            "one long key": "x" * 60_000 + ": 1",
            "one long line": "goal: " + "x" * 60_000,
            "quotes": '"' * 60_000,
            "single quotes": "'" * 60_001,
            "stars": "*" * 60_000,
            "ands": "&" * 60_000,
            "pipes": "|" * 60_000,
            "percents": "%" * 60_000,
            "bangs": "!" * 60_000,
            "braces": "{" * 60_000,
            "tabs": "\t" * 60_000,
            "line ends": "\n" * 60_000,
            "spaces": " " * 60_000 + "a",
            "colons": "a: " * 20_000,
            "documents": "---\n" * 10_000,
            "ends": "...\n" * 10_000,
            "nul": _START + "goal: a\0b\n",
            "nul escaped": _START + 'goal: "a\\0b"\n',
            "bell": _START + "goal: \x07\n",
            "delete": _START + "goal: a\x7fb\n",
            "escape": _START + 'goal: "\\e[2J"\n',
            "next line": _START + 'goal: "a\\Nb"\n',
            "line separator": _START + 'goal: "a\\Lb"\n',
            "turned": _START + "goal: a\u202eb\n",
            "isolated": _START + "goal: a\u2066b\n",
            "half a pair": _START + 'goal: "\\ud83d"\n',
            "half a pair as key": _START + '"\\ud83d": x\n',
            "line break in a name": _of_client('"A\\nBcc: b@c.example"'),
            "return in a name": _of_client('"A\\rB"'),
            "empty name": _of_client('""'),
            "null name": _of_client("~"),
            "list as name": _of_client("[A]"),
            "map as name": _of_client("{A: B}"),
            "a very long name": _of_client("A" * 10_001),
            "utf-16": _START.encode("utf-16"),
            "utf-16 without bom": _START.encode("utf-16-le"),
            "utf-32": _START.encode("utf-32"),
            "latin-1": _of_client("Ren\u00e9").encode("latin-1"),
            "not text": bytes(range(256)),
            "overlong": b"client: \xc0\xaf\n",
            "surrogate bytes": b"client: \xed\xa0\x80\n",
            "cut off": GOOD.encode()[:-9],
            "tab for spaces": "client:\n\tname: A\n",
            "quote left open": 'client: {name: "A\n',
            "brace left open": "client: {\n",
            "wrong indent": "client:\n   name: A\n  email: b\n",
            "dash in a map": _START + "- x\n",
            "two addresses": _START.replace("a@b.example", '"a@b.example, c@d.example"'),
            "display name": _START.replace("a@b.example", '"Ann <a@b.example>"'),
            "address with a break": _START.replace("a@b.example", '"a@b.example\\nBcc: c@d.example"'),
            "number of nothing": _START.replace(
                "programme: kort", "lines: [{description: x, unit_price: NaN, vat: 21}]"
            ),
            "infinite": _START.replace("programme: kort", "lines: [{description: x, unit_price: .inf, vat: 21}]"),
            "sexagesimal": _START.replace("programme: kort", "lines: [{description: x, unit_price: 1:30, vat: 21}]"),
            "norway": _START + "language: no\n",
            "dossier": _START + "dossier: ../../etc\n",
        },
    ).items()
}

UNREAD: dict[str, bytes] = {
    "beyond unicode": _of_client('"\\U00110000"').encode(),
    "far beyond unicode": _of_client('"\\UFFFFFFFF"').encode(),
    "a distant version": b"%YAML 1.99\n---\n" + _START.encode(),
    "a version of many digits": b"%YAML 1." + b"9" * 5000 + b"\n---\na: b\n",
}
"""Files that the reader of YAML answers with an error of another kind."""

UNSAYABLE: dict[str, bytes] = {
    "half a pair as price": _START.replace(
        "programme: kort", 'lines: [{description: x, unit_price: "\\ud800", vat: 21}]'
    ).encode(),
    "half a pair as rate": _START.replace(
        "programme: kort", 'lines: [{description: x, unit_price: 1, vat: "\\ud800"}]'
    ).encode(),
    "half a pair as language": (_START + 'language: "\\ud800"\n').encode(),
    "half a pair as dossier": (_START + 'dossier: "\\ud800"\n').encode(),
}
"""Files whose problem quotes what cannot be written down."""

TOKENS = (
    "&a ", "*a", "!x ", "!!str ", "<<: *a\n", "---\n", "...\n", "- ", "? ", ": ", "{", "}", "[", "]", ",", "|\n", ">\n",
    "'", '"', "\\", "#", "%", "@", "`", "\t", "\0", "\x85", "\u2028", "\ufeff", "\r", "\r\n", "\n", " ", "~", "null",
    "\u202e", "name: ", "client: ", "\x1b", "\ud800", "1" * 50, "\u0660", "=", "{{ 7*7 }}", "{0}", "{value}",
)  # fmt: skip
