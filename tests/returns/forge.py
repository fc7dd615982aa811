"""Forgeries: other numbers or words in the page's own letters, strike-outs, covers, and what is added after signing."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pypdfium2
from pikepdf import Dictionary, Name, Pdf

from pipeline.model import Kind
from pipeline.outgoing.values.base import Values
from tests.returns import digital
from tests.returns.hands import Pen, text_line, write
from tests.returns.papers import Paper, number_of, reprinted
from tests.returns.sheet import Sheet

Rng = np.random.Generator
Letter = tuple[str, float, float, float, float]
"""A character and its box on the page: left, top, width, height in mm."""

MM = 25.4 / 72
SMALLER_WORDS = (
    (" voor deze coaching", ""), (" en pas na mijn goedkeuring", ""), (" om contact te houden", ""),
    ("persoonlijk ", ""), (" for this coaching", ""), (" only after my approval", ""), (" to stay in touch", ""),
    ("eerst naar mij", "naar mij"), ("geen gevolgen", "gevolgen"), ("no consequences", "consequences"),
)  # fmt: skip


def another_digit(text: str, rng: Rng) -> str:
    """Change one digit of a text into another."""
    spots = [match.start() for match in re.finditer(r"\d", text)]
    at = int(rng.choice(spots))
    other = str(rng.choice([digit for digit in "0123456789" if digit != text[at]]))
    return text[:at] + other + text[at + 1 :]


def _total(values: Values, rng: Rng) -> None:
    values["total"]["including"] = another_digit(values["total"]["including"], rng)


def _line(values: Values, rng: Rng) -> None:
    line = values["lines"][int(rng.integers(len(values["lines"])))]
    name = str(rng.choice(["unit_price", "amount"]))
    line[name] = another_digit(line[name], rng)


def _account(values: Values, rng: Rng) -> None:
    values["practice"]["iban"] = another_digit(values["practice"]["iban"], rng)


def _days(values: Values, rng: Rng) -> None:
    values["payment_days"] = another_digit(values["payment_days"], rng)


def _until(values: Values, rng: Rng) -> None:
    values["sign_by"] = values["quote"]["valid_until"] = another_digit(values["sign_by"], rng)


def _terms(values: Values, rng: Rng) -> None:
    values["terms"] = values["terms"].replace("24 uur", "4 uur") if rng.random() < 0.5 else values["terms"].replace(
        "kosteloos ", ""
    )  # fmt: skip


def _question(values: Values, rng: Rng) -> None:
    """Take words away from a question or its note, or turn it round."""
    found = [(question, part, old, new) for question in values["questions"] for part in ("text", "note")
             for old, new in SMALLER_WORDS if old in question[part]]  # fmt: skip
    question, part, old, new = found[int(rng.integers(len(found)))]
    question[part] = question[part].replace(old, new)


def _statement(values: Values, rng: Rng) -> None:
    values["statement"]["version"] = another_digit(values["statement"]["version"], rng)


CHANGES: dict[Kind, dict[str, Callable[[Values, Rng], None]]] = {
    Kind.QUOTE: {"total": _total, "a line's amount": _line, "account number": _account, "term of payment": _days,
                 "valid until": _until, "terms": _terms},
    Kind.CONSENT: {"words of a question": _question, "version of the statement": _statement},
}  # fmt: skip


def reprint(paper: Paper, rng: Rng) -> tuple[Paper, str]:
    """Print the document again with something else in it, under the same code."""
    how = str(rng.choice(list(CHANGES[paper.kind])))
    seed = int(rng.integers(12))  # few of each kind, so that they are printed once and then taken from disk
    change = CHANGES[paper.kind][how]
    other = reprinted(
        number_of(paper), paper.version, paper.kind, lambda values: change(values, np.random.default_rng(seed))
    )
    return replace(paper, printed=other), f"reprinted: {how}"


def letters_of(data: bytes, page: int) -> list[Letter]:
    """Give the letters of a page and where they stand."""
    with pypdfium2.PdfDocument(data) as document:
        sheet = document[page - 1]
        top, text = sheet.get_height(), sheet.get_textpage()
        found = []
        for index in range(text.count_chars()):
            left, bottom, right, upper = text.get_charbox(index)
            place = left * MM, (top - upper) * MM, (right - left) * MM, (upper - bottom) * MM
            found.append((text.get_text_range(index, 1), *place))
    return found


def swap(data: bytes, page: int, rng: Rng) -> tuple[Letter, Letter]:
    """Choose a digit of a page and another digit of the same height to put in its place."""
    digits = [letter for letter in letters_of(data, page) if letter[0].isdigit() and letter[1] < 175]
    order = rng.permutation(len(digits))
    for first in order:
        for second in order:
            one, other = digits[first], digits[second]
            if one[0] != other[0] and "1" not in one[0] + other[0] and abs(one[4] - other[4]) < 0.08:
                return one, other
    raise ValueError("this page has no two digits of one size")


def patch_picture(sheet: Sheet, one: Letter, other: Letter) -> None:
    """Copy one digit's pixels over another, on a page that is not printed yet."""
    zoom = sheet.dpi / 25.4
    pad = 0.15
    x, y, width, height = (other[1] - pad) * zoom, (other[2] - pad) * zoom, (other[3] + 2 * pad), (other[4] + 2 * pad)
    size = round(width * zoom), round(height * zoom)
    glyph = sheet.picture[round(y) : round(y) + size[1], round(x) : round(x) + size[0]].copy()
    left, top = round((one[1] - pad) * zoom), round((one[2] + one[4] - other[4] - pad) * zoom)
    sheet.picture[top : top + glyph.shape[0], left : left + glyph.shape[1]] = glyph


def patch_vector(data: bytes, page: int, one: Letter, other: Letter) -> bytes:
    """Lay the page's own drawing of one digit over another: the same outlines exactly."""
    with Pdf.open(io.BytesIO(data)) as pdf:
        spot = pdf.pages[page - 1]
        upper = float(spot.mediabox[3])
        name = spot.add_resource(pdf.make_indirect(spot.as_form_xobject()), Name.XObject)
        pad = 0.12
        left, top, width, height = ((value / MM) for value in (one[1] - pad, one[2] - pad, one[3] + 2 * pad,
                                                               one[4] + 2 * pad))  # fmt: skip
        bottom = upper - top - height
        dx, dy = (one[1] - other[1]) / MM, -(one[2] + one[4] - other[2] - other[4]) / MM
        box = f"{left:.2f} {bottom:.2f} {width:.2f} {height:.2f} re"
        added = f"Q q 1 1 1 rg {box} f Q q {box} W n 1 0 0 1 {dx:.3f} {dy:.3f} cm {name} Do Q"
        spot.contents_add(pdf.make_stream(b"q"), prepend=True)
        spot.contents_add(pdf.make_stream(added.encode()))
        saved = io.BytesIO()
        pdf.save(saved, deterministic_id=True)
    return saved.getvalue()


def amount_place(data: bytes, rng: Rng) -> tuple[int, tuple[float, float, float, float]]:
    """Give where a number of some length stands on the first page: the page, and left, top, width, height in mm."""
    letters = letters_of(data, 1)
    text = "".join(letter[0] for letter in letters)
    runs = [match for match in re.finditer(r"\d[\d.,-]{2,}", text) if letters[match.start()][1] < 190]
    run = runs[int(rng.integers(len(runs)))]
    part = [letter for letter in letters[run.start() : run.end()] if letter[3] > 0]
    left, top = min(letter[1] for letter in part), min(letter[2] for letter in part)
    right, bottom = max(letter[1] + letter[3] for letter in part), max(letter[2] + letter[4] for letter in part)
    return 1, (left, top, right - left, bottom - top)


def strike_out(sheet: Sheet, place: tuple[float, float, float, float], pen: Pen, rng: Rng) -> None:
    """Strike a number through by hand and write another above or beside it."""
    left, top, width, height = place
    lines = [np.array([(left - 1, top + height * share), (left + width / 2, top + height * 0.5),
                       (left + width + 1, top + height * (1 - share))])
             for share in ([0.5] if rng.random() < 0.5 else [0.1, 0.85])]  # fmt: skip
    amount = f"{int(rng.integers(100, 1900))},{int(rng.integers(0, 100)):02d}"
    beside = left + width + 3 if left + width < 165 else left - 20
    write(sheet, lines, pen, rng)
    write(sheet, text_line(amount, beside, top + height + rng.normal(scale=1), rng.uniform(3.2, 5), rng), pen, rng)


def correction_fluid(sheet: Sheet, place: tuple[float, float, float, float], pen: Pen, rng: Rng) -> None:
    """Paint a number over with white and write another on top."""
    left, top, width, height = place
    around = np.array([(left - 1, top - 0.6), (left + width / 2, top - 1.0), (left + width + 1, top - 0.5),
                       (left + width + 1.2, top + height + 0.7), (left - 0.8, top + height + 0.6)])  # fmt: skip
    spots = np.round(sheet.pixels(around + rng.normal(scale=0.2, size=around.shape))).astype(np.int32)
    cv2.fillPoly(sheet.picture, [spots], (252, 253, 252), cv2.LINE_AA)
    amount = str(int(rng.integers(100, 1900)))
    write(sheet, text_line(amount, left, top + height, max(2.4, height * 1.1), rng), pen, rng)


def remark(sheet: Sheet, paper: Paper, pen: Pen, rng: Rng) -> None:
    """Write a condition in a free place of the page that is signed."""
    said = str(rng.choice(["onder voorbehoud", "mits in mei", "not the report", "alleen online", "see my mail"]))
    _, _, top, _, height = paper.signature
    base = top + height + rng.uniform(14, 34) if top + height < 200 else top - 8
    write(sheet, text_line(said, rng.uniform(30, 70), base, rng.uniform(4, 6), rng), pen, rng)


def cover(data: bytes, rng: Rng) -> bytes:
    """Cover a number by a text on a white ground, as a comment of a PDF program."""
    page, (left, top, width, height) = amount_place(data, rng)
    said = f"{int(rng.integers(100, 1900))},00"
    return digital.text(data, page, said, (left - 0.5, top - 1, max(width + 1, 14), height + 2), "acrobat", cover=True)


def after_signing(data: bytes, rng: Rng) -> bytes:
    """Add to a file that was signed with a certificate: words on a page, appended, or the file saved anew."""
    page, (left, top, width, height) = amount_place(data, rng)
    with Pdf.open(io.BytesIO(data)) as pdf:
        upper = float(pdf.pages[page - 1].mediabox[3])
    x, y = left / MM, upper - (top + height) / MM
    ground = f"q 1 1 1 rg {x - 1:.1f} {y - 2:.1f} {width / MM + 2:.1f} {height / MM + 4:.1f} re f Q"
    words = f"{ground} q BT /FLate 9 Tf {x:.1f} {y:.1f} Td ({int(rng.integers(100, 1900))},00) Tj ET Q"
    if rng.random() < 0.7:
        return digital.write_after(data, page, words)
    return _saved_anew(data, page, words)


def _saved_anew(data: bytes, page: int, words: str) -> bytes:
    with Pdf.open(io.BytesIO(data)) as pdf:
        spot: Any = pdf.pages[page - 1]
        face = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
        name = spot.add_resource(face, Name.Font)
        spot.contents_add(pdf.make_stream(b"q"), prepend=True)
        spot.contents_add(pdf.make_stream(f"Q {words.replace('/FLate', str(name))}".encode()))
        saved = io.BytesIO()
        pdf.save(saved)
    return saved.getvalue()
