"""Personality profiles as the sites of their makers give them out: a cover, the name on each page, pages of prose.

`pressed` sets one with real fonts, kerning and ligatures; `typed` writes one letter for letter, which takes
milliseconds. Both take the name as that maker prints it; the prose calls the person by her first name only.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from html import escape

import pikepdf
import pypdfium2
import weasyprint
from pikepdf import Array, Dictionary, Name, Pdf

A4 = 595, 842
PROSE = (
    "{first} werkt graag in een rustig tempo en denkt na voor er een besluit valt. Anderen zien {first} als iemand die "
    "luistert. Onder druk kan {first} stiller worden; geef dan tijd. In een team houdt {first} het overzicht, en "
    "Duidelijke Afspraken helpen daarbij. De Groene Stijl is wat het meest opvalt, met een Blauwe Ondertoon."
)
WHITE, LINES, SIZE = 60, 24, 11


@dataclass(frozen=True)
class Profile:
    """One profile: the name on its cover (lines), at the head and foot of each page, the first name in the prose."""

    cover: tuple[str, ...]
    head: str
    foot: str = ""
    first: str = ""
    pages: int = 25
    mention: str = ""
    title: str = ""
    wide: str = ""


def of(name: str, *, pages: int = 25) -> Profile:
    """Give the usual profile of somebody."""
    return Profile(
        (name,), name, "Persoonlijk exemplaar", name.split(maxsplit=1)[0], pages, title="Persoonlijk profiel"
    )


SHAPES: dict[str, Callable[[str, str, str], tuple[str, ...]]] = {
    "as it is": lambda first, little, core: (f"{first} {little}{core}",),
    "upper case": lambda first, little, core: (f"{first} {little}{core}".upper(),),
    "over two lines": lambda first, little, core: (first, f"{little}{core}"),
    "surname first": lambda first, little, core: (f"{little}{core}, {first}",),
    "surname first, its little words last": lambda first, little, core: (f"{core}, {first} {little}".strip(),),
    "wide": lambda first, little, core: (" ".join(f"{first} {little}{core}".upper()),),
    "as in a form": lambda first, little, core: (f"Voornaam: {first}", f"Achternaam: {little}{core}"),
    "with a second letter": lambda first, little, core: (f"{first} M. {little}{core}",),
    "behind a word": lambda first, little, core: (f"Rapport voor {first} {little}{core}",),
    "with a possessive": lambda first, little, core: (
        f"{first} {little}{core}\N{RIGHT SINGLE QUOTATION MARK}s profiel",
    ),
    "by initials": lambda first, little, core: (f"{first[0]}. {little}{core}",),
    "by two initials": lambda first, little, core: (f"{first[0]}.M. {little}{core}",),
}
"""How makers print a name, from the first name, the little words of the surname with a space behind, and its core."""


def pressed(profile: Profile) -> bytes:
    """Set a profile with real fonts."""
    cover = "".join(f"<div>{escape(line)}</div>" for line in profile.cover)
    prose = PROSE.format(first=escape(profile.first))
    pages = "".join(f"<section><h2>Hoofdstuk {at}</h2><p>{prose}</p></section>" for at in range(2, profile.pages + 1))
    mention = f"<p>In gesprek met {escape(profile.mention)} kwam dit ook naar voren.</p>" if profile.mention else ""
    style = f"""
        @page {{ size: A4; @top-left {{ content: "{profile.head}" }} @bottom-left {{ content: "{profile.foot}" }}
                 @bottom-right {{ content: "Pagina " counter(page) }} }}
        section {{ break-before: page }} .cover {{ font-size: 34pt; margin-top: 60mm; {profile.wide} }}"""
    html = (
        f"<html lang=nl><head><title>{escape(profile.title)}</title><style>{style}</style></head><body>"
        f"<h1>Talent Insights</h1><div class=cover>{cover}</div><p>12 maart 2026</p>{pages}{mention}</body></html>"
    )
    return bytes(weasyprint.HTML(string=html).write_pdf())


def typed(profile: Profile, turned: int = 0) -> bytes:
    """Write a profile letter for letter, its pages turned by so many degrees."""
    with Pdf.new() as pdf:
        font = Dictionary(
            Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica, Encoding=Name.WinAnsiEncoding
        )  # fmt: skip
        fonts = Dictionary(Font=Dictionary(F=pdf.make_indirect(font)))
        for number in range(1, profile.pages + 1):
            page = pdf.add_blank_page(page_size=A4)
            page.obj.Resources = fonts
            page.obj.Contents = pdf.make_stream(_content(profile, number))
            page.obj.Rotate = turned
        pdf.docinfo["/Title"] = profile.title
        return _saved(pdf)


def _content(profile: Profile, number: int) -> bytes:
    shown = [(WHITE, 800, SIZE, profile.head), (WHITE, 40, SIZE, profile.foot), (480, 40, SIZE, f"Pagina {number}")]
    if number == 1:
        shown = [(WHITE, 600, 26, "Talent Insights"), (WHITE, 480, SIZE, "12 maart 2026"), shown[2]]
        shown += [(WHITE, 560 - 24 * at, 20, line) for at, line in enumerate(profile.cover)]
    else:
        prose = _lines(PROSE.format(first=profile.first))
        shown += [(WHITE, 760 - 16 * at, SIZE, line) for at, line in enumerate(prose)]
    if profile.mention and number == profile.pages:
        shown.append((WHITE, 500, SIZE, f"In gesprek met {profile.mention} kwam dit ook naar voren."))
    return b"".join(
        b"BT /F %d Tf 1 0 0 1 %d %d Tm (%b) Tj ET\n" % (size, left, up, _escaped(text))
        for left, up, size, text in shown
    )


def _lines(text: str) -> list[str]:
    lines = [""]
    for word in text.split():
        lines[-1:] = [f"{lines[-1]} {word}".strip()] if len(lines[-1]) + len(word) < 80 else [lines[-1], word]
    return lines


def _escaped(text: str) -> bytes:
    data = text.encode("cp1252", "replace")
    for each in (b"\\", b"(", b")"):
        data = data.replace(each, b"\\" + each)
    return data


def pictured(data: bytes) -> bytes:
    """Give a profile as a scanner would: each page a picture, no letters."""
    with Pdf.new() as made, pypdfium2.PdfDocument(data) as document:
        for page in document:
            picture = page.render(scale=0.6).to_pil().convert("L")
            image = made.make_stream(picture.tobytes())
            image.Type, image.Subtype, image.ColorSpace, image.BitsPerComponent = (
                Name.XObject, Name.Image, Name.DeviceGray, 8,
            )  # fmt: skip
            image.Width, image.Height = picture.size
            drawn = made.add_blank_page(page_size=A4)
            drawn.obj.Resources = Dictionary(XObject=Dictionary(X=image))
            drawn.obj.Contents = made.make_stream(b"q 595 0 0 842 0 0 cm /X Do Q")
        return _saved(made)


def drawn_letters(text: str, *, mapped: bool) -> bytes:
    """Give a page in a font whose letters are drawings (Type 3), which says which letter each is or does not."""
    codes = {letter: number for number, letter in enumerate(dict.fromkeys(text), 1)}
    with Pdf.new() as pdf:
        box = pdf.make_stream(b"600 0 0 0 500 700 d1 0 0 400 600 re f")
        letters = [Name(f"/g{number}") for number in codes.values()]
        font = Dictionary(
            Type=Name.Font, Subtype=Name.Type3, FontBBox=Array([0, 0, 600, 700]), FirstChar=1, LastChar=len(codes),
            FontMatrix=Array([0.001, 0, 0, 0.001, 0, 0]), Widths=Array([600] * len(codes)), Resources=Dictionary(),
            CharProcs=Dictionary({str(letter): box for letter in letters}),
            Encoding=Dictionary(Type=Name.Encoding, Differences=Array([1, *letters])),
        )  # fmt: skip
        if mapped:
            pairs = "".join(f"<{number:02x}> <{ord(letter):04x}>\n" for letter, number in codes.items())
            font.ToUnicode = pdf.make_stream(
                f"/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n1 begincodespacerange\n<00> <ff>\n"
                f"endcodespacerange\n{len(codes)} beginbfchar\n{pairs}endbfchar\nendcmap end end".encode()
            )
        page = pdf.add_blank_page(page_size=A4)
        page.obj.Resources = Dictionary(Font=Dictionary(F=pdf.make_indirect(font)))
        written = "".join(f"{codes[letter]:02x}" for letter in text)
        page.obj.Contents = pdf.make_stream(f"BT /F 12 Tf 1 0 0 1 60 700 Tm <{written}> Tj ET".encode())
        return _saved(pdf)


def locked(data: bytes, password: str = "sterk-wachtwoord") -> bytes:
    """Give a profile that asks for a password."""
    with Pdf.open(io.BytesIO(data)) as pdf:
        return _saved(pdf, pikepdf.Encryption(user=password, owner=password + "!"))


def acting(data: bytes) -> bytes:
    """Give a profile with a script that runs when it is opened."""
    with Pdf.open(io.BytesIO(data)) as pdf:
        pdf.Root.OpenAction = Dictionary(S=Name.JavaScript, JS="app.alert(1)")
        return _saved(pdf)


def printed_as(shape: str, first: str, little: str, core: str, *, pages: int = 25) -> Profile:
    """Give the profile of somebody whose name its maker prints in one of the `SHAPES`, everywhere."""
    lines = SHAPES[shape](first, f"{little} " if little else "", core)
    usual = of(f"{first} {core}", pages=pages)
    return replace(usual, cover=lines, head=" ".join(lines), first=first)


def _saved(pdf: Pdf, encryption: pikepdf.Encryption | bool = False) -> bytes:
    saved = io.BytesIO()
    pdf.save(saved, encryption=encryption)
    return saved.getvalue()
