"""An invoice for people and for bookkeeping in one file: PDF/A-3 with the XML of Factur-X inside, and UBL beside it.

Takes the page as HTML and what it says in the terms of EN 16931; leaves the PDF, the same bytes for the same input, and
the UBL. The dates in the file are those of the invoice. Whether the XML keeps the norm's rules is tested, not looked at
again here: the library's own check needs a server, and says yes when there is none.
"""

from __future__ import annotations

import io
import json
from typing import Any

from lxml import etree
from pikepdf import Array, Dictionary, Name, Pdf, String
from weasyprint import HTML

from pipeline.press.page import LINKED, PagePress

Terms = dict[str, Any]
PROFILE = "en16931"
FACTUR_X, UBL = "factur-x", "ubl-2.1"
NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
NO_CHARACTERS = {0xFFFE: None, 0xFFFF: None}
"""What may be typed and cannot be in XML."""
INSIDE = "factur-x.xml"
MAKER = "pipeline"
NAMESPACE = "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#"
PACKET = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n{}<?xpacket end="w"?>'


class ArchivePress(PagePress):
    """Prints HTML pages, also for keeping."""

    def archive(self, html: str) -> bytes:
        """Give the PDF/A-3b of `html`."""
        sheets = [self._sheet(name) for name in LINKED.findall(html)]
        page = HTML(string=LINKED.sub("", html), url_fetcher=self.fetcher, base_url=None)
        document = page.render(font_config=self.fonts, stylesheets=sheets, pdf_variant="pdf/a-3b")
        return bytes(document.write_pdf(pdf_variant="pdf/a-3b"))


def xml(terms: Terms, form: str) -> bytes:
    """Give the XML of an invoice, as `FACTUR_X` or `UBL`."""
    from facturx import generate_xml

    own = json.loads(json.dumps(terms, ensure_ascii=False).translate(NO_CHARACTERS))  # the library writes in its terms
    made = generate_xml(own, flavor=form, level=PROFILE, check_xsd=False, check_schematron=False)
    tree = etree.fromstring(made, etree.XMLParser(resolve_entities=False, no_network=True))
    for element in tree.iter():
        element.attrib.pop(NIL, None)  # the library says "nil" of an element that must be there and may be empty
    return bytes(etree.tostring(tree, xml_declaration=True, encoding="UTF-8"))


def embed(printed: bytes, inside: bytes, issued: str) -> bytes:
    """Put the XML into a PDF/A-3, and say what it is, as Factur-X asks; `issued` is the invoice's date (ISO 8601)."""
    moment = f"D:{issued.replace('-', '')}000000+00'00'"
    with Pdf.open(io.BytesIO(printed)) as pdf:
        data = pdf.make_stream(inside, Type=Name.EmbeddedFile, Subtype=Name("/text/xml"))
        data["/Params"] = Dictionary(Size=len(inside), CreationDate=String(moment), ModDate=String(moment))
        file = pdf.make_indirect(
            Dictionary(
                Type=Name.Filespec, F=String(INSIDE), UF=String(INSIDE), Desc=String("Factur-X"),
                AFRelationship=Name.Alternative, EF=Dictionary(F=data, UF=data),
            )
        )  # fmt: skip
        names = pdf.Root.get("/Names", Dictionary())
        names["/EmbeddedFiles"] = Dictionary(Names=Array([String(INSIDE), file]))
        pdf.Root["/Names"] = names
        pdf.Root["/AF"] = Array([file])
        told = {name: str(pdf.docinfo.get(f"/{name}", "")) for name in ("Title", "Author", "Producer")}
        pdf.Root["/Metadata"] = pdf.make_stream(_metadata(told, issued), Type=Name.Metadata, Subtype=Name.XML)
        info = told | {"Subject": told["Title"], "Creator": MAKER, "CreationDate": moment, "ModDate": moment}
        for name, value in info.items():
            pdf.docinfo[f"/{name}"] = String(value)
        saved = io.BytesIO()
        pdf.save(saved, deterministic_id=True)
    return saved.getvalue()


def _metadata(told: dict[str, str], issued: str) -> bytes:
    """Give the XMP: what stands in the document's information too, PDF/A-3b, and the extension of Factur-X."""
    from facturx import generate_xmp_object

    tree = generate_xmp_object(
        {
            "pdfa3_flavor": "B",
            "title": told["Title"],
            "author": told["Author"],
            "subject": told["Title"],
            "producer": told["Producer"],
            "creator_tool": MAKER,
            "timestamp": f"{issued}T00:00:00+00:00",
            "urn": NAMESPACE,
            "documenttype": "INVOICE",
            "xml_filename": INSIDE,
            "version": "1.0",
            "xmp_level": "EN 16931",
        }
    )
    return PACKET.format(etree.tostring(tree, pretty_print=True, encoding="unicode")).encode()
