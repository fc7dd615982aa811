"""Makes the Word quote anew in both languages: `python -m tests.templates.word`.

The files in templates/ are what counts: a coach opens them in Word and changes them there. This script is for who wants
to start again from the house style, or to change both languages in one go; it overwrites them.
"""

# ruff: noqa: SLF001 - python-docx shows the XML it does not know yet only by private names

from __future__ import annotations

import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pypdfium2
import weasyprint
from docx import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.table import WD_ROW_HEIGHT_RULE, WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING, WD_TAB_ALIGNMENT
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Mm, Pt, RGBColor
from docx.table import Table, _Cell
from docx.text.paragraph import Paragraph

TEMPLATES = Path(__file__).parents[2] / "templates"
INK, QUIET, ACCENT, LINE = (RGBColor.from_string(c) for c in ("23302B", "5C6963", "2F5D4A", "CFD8D2"))
SIDE, COLUMNS = Mm(34), (67, 28, 22, 20, 25)

WORDS: dict[str, dict[str, Any]] = {
    "nl": {
        "locale": "nl-NL",
        "title": "Offerte",
        "kvk": "KvK",
        "btw": "btw-id",
        "page": "pagina",
        "of": "van",
        "attention": "t.a.v.",
        "data": ("Offertenummer", "Datum", "Geldig tot", "Kenmerk", "Uw inkoopnummer"),
        "intro": (
            "Graag begeleid ik {% if sponsor %}{{ client.name }}{% else %}u{% endif %}. In deze offerte leest u wat "
            "het traject inhoudt, wat het kost en hoe u akkoord geeft."
        ),
        "replaces": "Deze offerte vervangt {{ document.replaces }}, die daarmee vervalt.",
        "ask": "Is iets niet duidelijk of wilt u het anders? Laat het me weten, dan pas ik het voorstel graag aan.",
        "heads": ("Voor", "Doel", "Inhoud", "Kosten", "Betaling", "Voorwaarden", "Privacy", "Akkoord"),
        "columns": ("Omschrijving", "Aantal", "Tarief", "Btw", "Bedrag"),
        "totals": ("Totaal exclusief btw", "Btw {{ row.rate }} over {{ row.base }}", "Totaal inclusief btw"),
        "payment": (
            "U betaalt binnen {{ payment_days }} dagen na de factuurdatum op rekening "
            "{{ practice.iban|replace(' ', '\u00a0') }} ten name van {{ practice.name }}, onder vermelding van het "
            "factuurnummer."
        ),
        "privacy": (
            "Hoe ik met persoonsgegevens omga, staat in ",
            "{{ statement.title }}",
            (
                ", versie\u00a0{{ statement.version }}{% if statement.url %}, {{ statement.url }}{% endif %}. "
                "Toestemming voor het gebruik van persoonsgegevens vraag ik apart aan "
                "{% if sponsor %}{{ client.name }}{% else %}u{% endif %}, in een eigen verklaring. Die keuze is vrij "
                "en staat los van het akkoord op deze offerte."
            ),
        ),
        "accept": (
            "Ik ga akkoord met offerte ",
            "{{ quote.number }}",
            " (document {{ document.code }}, versie {{ document.version }}) voor een totaalbedrag van ",
            "{{ total.including }}",
            " inclusief btw.",
        ),
        "how": (
            "Teken op papier, op uw telefoon of in een pdf-lezer en stuur alle pagina\u2019s vóór "
            "{{ sign_by|replace(' ', '\u00a0') }} naar {{ practice.email }}. Een scan of foto is goed."
        ),
        "sign": ("Naam", "Plaats", "Datum", "Handtekening"),
    },
    "en": {
        "locale": "en-GB",
        "title": "Quote",
        "kvk": "KvK",
        "btw": "VAT ID",
        "page": "page",
        "of": "of",
        "attention": "Attn.",
        "data": ("Quote number", "Date", "Valid until", "Reference", "Your order number"),
        "intro": (
            "I would be glad to coach {% if sponsor %}{{ client.name }}{% else %}you{% endif %}. This quote sets out "
            "what the programme involves, what it costs and how to accept it."
        ),
        "replaces": "This quote replaces {{ document.replaces }}, which is no longer valid.",
        "ask": (
            "Is anything unclear, or would you like it differently? Let me know and I will gladly adapt the proposal."
        ),
        "heads": ("For", "Goal", "Programme", "Costs", "Payment", "Terms", "Privacy", "Acceptance"),
        "columns": ("Description", "Quantity", "Rate", "VAT", "Amount"),
        "totals": ("Total excluding VAT", "VAT {{ row.rate }} on {{ row.base }}", "Total including VAT"),
        "payment": (
            "Payment is due within {{ payment_days }} days of the invoice date, to account "
            "{{ practice.iban|replace(' ', '\u00a0') }} in the name of {{ practice.name }}, stating the invoice "
            "number."
        ),
        "privacy": (
            "How I handle personal data is described in ",
            "{{ statement.title }}",
            (
                ", version\u00a0{{ statement.version }}{% if statement.url %}, {{ statement.url }}{% endif %}. I ask "
                "{% if sponsor %}{{ client.name }}{% else %}you{% endif %} for consent to the use of personal data "
                "separately, in a declaration of its own. That choice is free and does not depend on the acceptance of "
                "this quote."
            ),
        ),
        "accept": (
            "I accept quote ",
            "{{ quote.number }}",
            " (document {{ document.code }}, version {{ document.version }}) for a total of ",
            "{{ total.including }}",
            " including VAT.",
        ),
        "how": (
            "Sign on paper, on your phone or in a PDF reader, and send all pages before "
            "{{ sign_by|replace(' ', '\u00a0') }} to {{ practice.email }}. A scan or a photo is fine."
        ),
        "sign": ("Name", "Place", "Date", "Signature"),
    },
}


def logo() -> BytesIO:
    """The logo as a picture that Word shows, with a clear ground."""
    style = "@page { size: 15mm; margin: 0 } body { margin: 0 } img { display: block; width: 15mm }"
    page = f'<style>{style}</style><img src="{(TEMPLATES / "logo.svg").as_uri()}">'
    drawn = pypdfium2.PdfDocument(weasyprint.HTML(string=page).write_pdf())[0]
    target = BytesIO()
    drawn.render(scale=14, fill_color=(255, 255, 255, 0)).to_pil().save(target, "PNG", optimize=True)
    target.seek(0)
    return target


def restyle(document: Any, name: str, size: float, color: RGBColor, after: float = 0) -> Any:
    """A paragraph style of the house, made anew or cleared of what Word's own style of that name brings along."""
    known = name in document.styles
    made = document.styles[name] if known else document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
    made.base_style, made.quick_style, made.hidden = document.styles["Normal"], True, False
    made.font.name, made.font.size, made.font.color.rgb = "Calibri", Pt(size), color
    made.font.bold = made.font.italic = False
    for fonts in made.element.iter(qn("w:rFonts")):
        for theme in [key for key in fonts.attrib if "Theme" in key]:
            del fonts.attrib[theme]
    for path in (".//w:pBdr", ".//w:tabs", ".//w:rPr/w:spacing"):
        for part in made.element.xpath(path):
            part.getparent().remove(part)
    made.paragraph_format.space_before, made.paragraph_format.space_after = Pt(0), Pt(after)
    return made


def styles(document: Any, locale: str) -> None:
    """The house style as named Word styles, so that a change of one changes the whole document."""
    normal = document.styles["Normal"]
    normal.font.name, normal.font.size, normal.font.color.rgb = "Calibri", Pt(10.5), INK
    fonts = normal.element.get_or_add_rPr().get_or_add_rFonts()
    for name in ("w:cs", "w:eastAsia", "w:hAnsi", "w:ascii"):
        fonts.set(qn(name), "Calibri")
    normal.element.rPr.append(parse_xml(f'<w:lang {nsdecls("w")} w:val="{locale}"/>'))
    normal.paragraph_format.space_after = Pt(6)
    normal.paragraph_format.line_spacing_rule = WD_LINE_SPACING.MULTIPLE
    normal.paragraph_format.line_spacing = 1.08

    restyle(document, "Title", 26, ACCENT, 2)
    restyle(document, "Subtitle", 13, QUIET, 14)
    heading = restyle(document, "Heading 1", 10.5, ACCENT, 4)
    heading.font.bold, heading.paragraph_format.space_before = True, Pt(9)
    side = restyle(document, "Side head", 10.5, INK, 11).paragraph_format
    side.left_indent, side.first_line_indent = SIDE, -SIDE
    side.tab_stops.add_tab_stop(SIDE)
    restyle(document, "Explanation", 10.5, QUIET, 12).paragraph_format.left_indent = SIDE
    for name, size, color in (
        ("Practice", 15, ACCENT),
        ("Address", 10.5, INK),
        ("Quiet", 10.5, QUIET),
        ("Small", 9, QUIET),
        ("Cell", 10.5, INK),
        ("Sum", 12, ACCENT),
        ("Footer", 8.5, QUIET),
        ("Header", 8.5, QUIET),
    ):
        restyle(document, name, size, color).font.bold = name in ("Practice", "Sum")
    document.styles.add_style("Side head name", WD_STYLE_TYPE.CHARACTER).font.bold = True
    document.styles["Side head name"].font.color.rgb = ACCENT
    document.styles.element.append(
        parse_xml(
            f'<w:style {nsdecls("w")} w:type="table" w:customStyle="1" w:styleId="Costs"><w:name w:val="Costs"/>'
            '<w:basedOn w:val="TableNormal"/><w:uiPriority w:val="99"/><w:tblPr><w:tblBorders>'
            f'<w:bottom w:val="single" w:sz="4" w:color="{LINE}"/><w:insideH w:val="single" w:sz="4" w:color="{LINE}"/>'
            '</w:tblBorders><w:tblCellMar><w:top w:w="60" w:type="dxa"/><w:left w:w="0" w:type="dxa"/>'
            '<w:bottom w:w="60" w:type="dxa"/><w:right w:w="0" w:type="dxa"/></w:tblCellMar></w:tblPr>'
            '<w:tblStylePr w:type="firstRow"><w:tcPr><w:tcBorders>'
            f'<w:bottom w:val="single" w:sz="6" w:color="{ACCENT}"/></w:tcBorders></w:tcPr></w:tblStylePr></w:style>'
        )
    )


def grid(table: Table, *millimetres: float) -> Table:
    """Fixed columns without inner margins."""
    table.autofit, table.alignment = False, WD_TABLE_ALIGNMENT.LEFT
    margins = (
        f'<w:tblCellMar {nsdecls("w")}><w:left w:w="0" w:type="dxa"/><w:right w:w="0" w:type="dxa"/></w:tblCellMar>'
    )
    table._tbl.tblPr.find(qn("w:tblLook")).addprevious(parse_xml(margins))  # Word insists on the order of the schema
    for column, width in zip(table.columns, millimetres, strict=True):
        column.width = Mm(width)
        for cell in column.cells:
            cell.width = Mm(width)
    return table


def put(cell: _Cell, text: str, style: str) -> Paragraph:
    """Text in a cell: into its first paragraph while that is empty, then below."""
    paragraph: Paragraph = cell.paragraphs[0] if not cell.text else cell.add_paragraph()
    paragraph.style = style
    paragraph.add_run(text)
    return paragraph


def field(paragraph: Paragraph, instruction: str) -> None:
    """A field that Word counts itself."""
    for kind in ("begin", instruction, "separate", "1", "end"):
        run = paragraph.add_run()
        if kind in ("begin", "separate", "end"):
            mark = OxmlElement("w:fldChar")
            mark.set(qn("w:fldCharType"), kind)
        elif kind == "1":
            run.text = kind
            continue
        else:
            mark = OxmlElement("w:instrText")
            mark.set(qn("xml:space"), "preserve")
            mark.text = f" {instruction} "
        run._r.append(mark)


def borders(cell: _Cell, **sides: tuple[int, str]) -> None:
    """Lines along the named sides of a cell: eighths of a point, colour."""
    lines = "".join(
        f'<w:{side} w:val="single" w:sz="{size}" w:color="{color}"/>' for side, (size, color) in sides.items()
    )
    cell._tc.get_or_add_tcPr().append(parse_xml(f"<w:tcBorders {nsdecls('w')}>{lines}</w:tcBorders>"))


def heads(section: Any, words: dict[str, Any]) -> None:
    """The letterhead on the first page, a running line on the next, and the same foot on all."""
    section.different_first_page_header_footer = True
    first = section.first_page_header
    table = grid(first.add_table(1, 3, Mm(162)), 18, 77, 67)
    sign, house, find = table.rows[0].cells
    sign.paragraphs[0].style = "Header"
    picture = sign.paragraphs[0].add_run().add_picture(logo(), height=Mm(15))
    for side in "TBLR":
        picture._inline.set(f"dist{side}", "0")
    put(house, "{{ practice.name }}", "Practice")
    put(house, "{{ practice.coach }}", "Quiet")
    put(find, "{{ practice.street }}", "Small")
    put(find, "{{ practice.postcode }} {{ practice.city }}", "Small")
    for name in ("phone", "email", "website"):
        if name == "email":
            put(find, "{{ practice.email }}", "Small")
        else:
            put(find, f"{{%p if practice.{name} %}}", "Small")
            put(find, f"{{{{ practice.{name} }}}}", "Small")
            put(find, "{%p endif %}", "Small")
    first.paragraphs[0]._p.getparent().remove(first.paragraphs[0]._p)
    first.add_paragraph(style="Header").paragraph_format.space_after = Pt(14)
    running = section.header.paragraphs[0]
    running.style = "Header"
    running.paragraph_format.space_after = Pt(12)
    running.add_run("{{ practice.name }} · " + words["title"] + " {{ quote.number }}")
    for foot in (section.first_page_footer, section.footer):
        paragraph = foot.paragraphs[0]
        paragraph.style = "Footer"
        paragraph.paragraph_format.right_indent = Mm(11)
        paragraph.paragraph_format.tab_stops.clear_all()
        paragraph.paragraph_format.tab_stops.add_tab_stop(Mm(151), WD_TAB_ALIGNMENT.RIGHT)
        paragraph.add_run(
            "{{ practice.name }}{% if practice.kvk %} · " + words["kvk"] + " {{ practice.kvk }}{% endif %}"
            "{% if practice.btw %} · " + words["btw"] + " {{ practice.btw }}{% endif %}"
        )
        paragraph.add_run("\t")
        paragraph.add_run("{{ document.code }} v{{ document.version }} · " + words["page"] + " ")
        field(paragraph, "PAGE")
        paragraph.add_run(f" {words['of']} ")
        field(paragraph, "NUMPAGES")


def opening(document: Any, words: dict[str, Any]) -> None:
    """To whom, the data of the quote, its title and the letter."""
    table = grid(document.add_table(1, 3), 95, 32, 35)
    to, labels, values = table.rows[0].cells
    put(to, "{%p if sponsor %}", "Address")
    put(to, "{{ sponsor.organisation }}", "Address").runs[0].bold = True
    put(to, "{%p if sponsor.contact %}", "Address")
    put(to, words["attention"] + " {{ sponsor.contact }}", "Address")
    put(to, "{%p endif %}", "Address")
    put(to, "{{ sponsor.address }}", "Address")
    put(to, "{%p if sponsor.kvk %}", "Address")
    put(to, words["kvk"] + " {{ sponsor.kvk }}", "Quiet")
    put(to, "{%p endif %}", "Address")
    put(to, "{%p else %}", "Address")
    put(to, "{{ client.name }}", "Address").runs[0].bold = True
    put(to, "{%p if client.organisation %}", "Address")
    put(to, "{{ client.organisation }}", "Address")
    put(to, "{%p endif %}", "Address")
    put(to, "{{ client.email }}", "Address")
    put(to, "{%p endif %}", "Address")
    number, date, until, reference, order = words["data"]
    for label, value in (
        (number, "quote.number"),
        (date, "document.date"),
        (until, "quote.valid_until"),
        (reference, "reference"),
    ):
        put(labels, label, "Quiet")
        put(values, f"{{{{ {value} }}}}", "Address")
    for cell, text, style in ((labels, order, "Quiet"), (values, "{{ sponsor.purchase_order }}", "Address")):
        put(cell, "{%p if sponsor and sponsor.purchase_order %}", style)
        put(cell, text, style)
        put(cell, "{%p endif %}", style)
    title = document.add_paragraph(words["title"], style="Title")
    title.paragraph_format.space_before = Pt(26)
    document.add_paragraph("{% if programme %}{{ programme.name }}{% endif %}", style="Subtitle")
    for text in ("{{ greeting }}", words["intro"]):
        document.add_paragraph(text).paragraph_format.right_indent = Mm(24)
    document.add_paragraph("{%p if document.replaces %}")
    document.add_paragraph(words["replaces"])
    document.add_paragraph("{%p endif %}")
    document.add_paragraph(words["ask"]).paragraph_format.space_after = Pt(16)


def side(document: Any, name: str, *texts: str, when: str = "", marked: str = "italic") -> Paragraph:
    """A section with its name in the side column; every second text is marked; the whole only when it applies."""
    if when:
        document.add_paragraph(f"{{%p if {when} %}}")
    paragraph: Paragraph = document.add_paragraph(style="Side head")
    paragraph.add_run(name, style="Side head name")
    paragraph.add_run("\t")
    for position, text in enumerate(texts):
        setattr(paragraph.add_run(text), marked, position % 2 == 1 or None)
    if when:
        document.add_paragraph("{%p endif %}")
    return paragraph


def costs(document: Any, words: dict[str, Any]) -> None:
    """The table of lines, VAT for each rate and the total; its head returns on every page."""
    excluding, rate, including = words["totals"]
    line = ("description", "quantity }} {{ line.unit", "unit_price", "vat", "amount")
    rows = (
        words["columns"],
        ("{%tr for line in lines %}",),
        tuple(f"{{{{ line.{name} }}}}" for name in line),
        ("{%tr endfor %}",),
        (excluding, "{{ total.excluding }}"),
        ("{%tr for row in vat %}",),
        (rate, "{{ row.amount }}"),
        ("{%tr endfor %}",),
        (including, "{{ total.including }}"),
    )
    table = document.add_table(len(rows), len(COLUMNS), style="Costs")
    table.autofit = False
    look = table._tbl.tblPr.find(qn("w:tblLook"))
    look.attrib.clear()
    for name, value in (("val", "0620"), ("firstRow", "1"), ("noHBand", "1"), ("noVBand", "1")):
        look.set(qn(f"w:{name}"), value)
    table.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
    for column, width in zip(table.columns, COLUMNS, strict=True):
        column.width = Mm(width)
        for cell in column.cells:
            cell.width = Mm(width)
    for row, texts in zip(table.rows, rows, strict=True):
        row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
        for cell in row.cells:
            cell.paragraphs[0].style = "Small" if texts is words["columns"] else "Cell"
        if len(texts) == 2:
            above = {excluding: "", rate: "nil", including: "single"}[texts[0]]
            total(row.cells, *texts, above=above)
            continue
        for position, (cell, text) in enumerate(zip(row.cells, texts, strict=False)):
            cell.paragraphs[0].add_run(text)
            cell.paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.RIGHT if position > 1 else None


def total(cells: tuple[_Cell, ...], name: str, amount: str, *, above: str) -> None:
    """A row of totals: empty below the description, its name over three columns, the amount under the amounts."""
    empty, named, last = cells[0], cells[1].merge(cells[3]), cells[4]
    for cell, text in ((named, name), (last, amount)):
        cell.paragraphs[0].style = "Sum" if above == "single" else "Cell"
        cell.paragraphs[0].add_run(text)
        cell.paragraphs[0].paragraph_format.keep_with_next = above != "single"
    last.paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.RIGHT
    for cell, line in ((empty, above and "nil"), (named, above), (last, above)):
        top = f'<w:top w:val="{line}" w:sz="6" w:color="{ACCENT}"/>' if line else ""
        lines = f'<w:tcBorders {nsdecls("w")}>{top}<w:bottom w:val="nil"/></w:tcBorders>'
        cell._tc.get_or_add_tcPr().append(parse_xml(lines))


def sign_here(document: Any, words: dict[str, Any]) -> None:
    """Rows to write on, and 9 mm beside them the empty box of 85 x 30 mm, bookmarked `signature`."""
    *rows, label = words["sign"]
    table = grid(document.add_table(4, 3), 67, 10, 85)
    for row, height in zip(table.rows, (5, 10, 10, 10), strict=True):
        row.height, row.height_rule = Mm(height), WD_ROW_HEIGHT_RULE.EXACTLY
        row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
        for cell in row.cells:
            cell.paragraphs[0].style = "Small"
            cell.paragraphs[0].paragraph_format.keep_with_next = True
    put(table.cell(0, 2), label, "Small")
    for position, name in enumerate(rows, 1):
        put(table.cell(position, 0), name, "Small")
        borders(table.cell(position, 0), bottom=(4, str(QUIET)))
    box = table.cell(1, 2).merge(table.cell(3, 2))
    for part in (table._tbl.tr_lst[n].tc_lst[2] for n in (1, 2, 3)):
        borders(_Cell(part, table), **dict.fromkeys(("top", "left", "bottom", "right"), (7, str(INK))))
    for spare in box.paragraphs[1:]:
        spare._p.getparent().remove(spare._p)
    for tag in ("bookmarkStart", "bookmarkEnd"):
        mark = OxmlElement(f"w:{tag}")
        mark.set(qn("w:id"), "1")
        if tag == "bookmarkStart":
            mark.set(qn("w:name"), "signature")
        box.paragraphs[0]._p.append(mark)


def quote(language: str) -> bytes:
    """The Word quote in one language, the same bytes every time."""
    words, document = WORDS[language], Document()
    styles(document, words["locale"])
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = Mm(24)
    section.top_margin, section.bottom_margin = Mm(22), Mm(36)
    section.header_distance, section.footer_distance = Mm(15), Mm(18)
    heads(section, words)
    opening(document, words)
    who, goal, content, price, payment, terms, privacy, accept = words["heads"]
    side(document, who, "{{ client.name }}{% if client.role %}, {{ client.role }}{% endif %}", when="sponsor")
    side(document, goal, "{{ goal }}", when="goal")
    side(document, content, "{{ programme.description }}", when="programme and programme.description")
    document.add_paragraph(price, style="Heading 1")
    costs(document, words)
    paid = side(document, payment, words["payment"])
    paid.paragraph_format.space_before = Pt(16)
    side(document, terms, "{{ terms }}", when="terms")
    private = side(document, privacy, *words["privacy"])
    agreed = side(document, accept, *words["accept"], marked="bold")
    agreed.paragraph_format.space_before, agreed.paragraph_format.space_after = Pt(8), Pt(6)
    how = document.add_paragraph(words["how"], style="Explanation")
    for paragraph in (paid, private, agreed, how):
        paragraph.paragraph_format.keep_together = True
    for paragraph in (agreed, how):
        paragraph.paragraph_format.keep_with_next = True
    sign_here(document, words)
    end = document.add_paragraph(style="Small")
    end.paragraph_format.line_spacing = Pt(2)
    properties = document.core_properties
    properties.title, properties.language = words["title"], words["locale"]
    properties.author = properties.comments = ""
    saved, target = BytesIO(), BytesIO()
    document.save(saved)
    with zipfile.ZipFile(saved) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in source.namelist():
            archive.writestr(zipfile.ZipInfo(name), source.read(name), zipfile.ZIP_DEFLATED)
    return target.getvalue()


if __name__ == "__main__":
    for language in WORDS:
        (TEMPLATES / language / "quote.docx").write_bytes(quote(language))
