"""The receipt of an erasure: what went, when, by which rule, as the ledger has it; it names nobody.

Who holds it can show later what was erased of her: she knows her reference, and nobody else can tell whose it was. Each
entry is in the chain whose head is noted outside this machine. The page that she reads is made of it when it is asked
for, so that erasing waits for no printing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

from pipeline import statements
from pipeline.edges import ledger
from pipeline.errors import UsageError
from pipeline.policy.plan import Ending
from pipeline.practice import Practice
from pipeline.retention.receipt_page import receipt_values
from pipeline.words import say

FORM = "pipeline-receipt/1"
PAPER, WEB = "receipt.html", "receipt_web.html"


def file(dossier: str) -> str:
    """Give where a receipt lies in the storage."""
    return f"receipts/{dossier}.json"


def write(practice: Practice, dossier: str, kept: Iterable[Ending]) -> bool:
    """Make the receipt of a dossier durable: its entries with their places in the chain, and what is kept, and why.

    Tells whether it says something new.
    """
    rows = practice.database.rows(
        "SELECT number, entry, hash FROM ledger WHERE json_extract(entry, '$.dossier') = ?"
        " AND json_extract(entry, '$.event') IN ('erasure.verified', 'dossier.ended') ORDER BY number", dossier,
    )  # fmt: skip
    entries = [{"number": row["number"], "entry": json.loads(row["entry"]), "hash": row["hash"]} for row in rows]
    made = {
        "form": FORM, "reference": dossier, "practice": practice.file.practice.name, "entries": entries,
        "kept": [
            {"part": one.held.part, "until": one.term.due and str(one.term.due), "rules": list(one.term.rules)}
            for one in kept
        ],
    }  # fmt: skip
    data, path = json.dumps(made, indent=2, ensure_ascii=False).encode(), practice.storage.path(file(dossier))
    if path.is_file() and path.read_bytes() == data:
        return False
    practice.storage.write(file(dossier), data)
    return True


def page(practice: Practice, typed: str, language: str, *, web: bool = False) -> bytes:
    """Make the page of a receipt, as PDF or for the web; raises `UsageError` when there is none, or it is not true."""
    reference = typed.strip().upper()
    receipt = _true(practice, reference)
    policies = statements.policies_since(practice, date.min)
    values = receipt_values(receipt, policies, practice.file, language, practice.day_of)
    if web:
        return practice.press.write(WEB, values, escape=True).encode()
    return practice.press.print(PAPER, values, f"RECEIPT-{reference}", 1, "").data


def keep(practice: Practice, typed: str, language: str) -> Path:
    """Put the page of a receipt beside it; gives where it lies."""
    name = file(typed.strip().upper()).replace(".json", ".pdf")
    practice.storage.write(name, page(practice, typed, language))
    return practice.storage.path(name)


def _true(practice: Practice, reference: str) -> dict[str, Any]:
    """Give the receipt of a dossier when every entry of it stands in the ledger."""
    language, receipts = practice.file.language, practice.storage.path("receipts")
    known = sorted(path.stem for path in receipts.glob("*.json"))
    if reference not in known:
        names = ", ".join(known) or say(language, "receipt_no_receipts")
        raise UsageError(say(language, "receipt_none", value=reference, known=names))
    data = practice.storage.read(file(reference))
    wrong = disagreements(practice, data)
    if wrong:
        raise UsageError(say(language, "receipt_wrong", reference=reference, wrong="; ".join(wrong)))
    return dict(json.loads(data))


def disagreements(practice: Practice, data: bytes) -> list[str]:
    """Tell which entries of a receipt are not in the ledger as they stand in it; none when it is true."""
    try:
        receipt = json.loads(data)
        entries = receipt["entries"] if receipt["form"] == FORM else None
    except (ValueError, KeyError, TypeError):
        entries = None
    if not isinstance(entries, list):
        raise UsageError("this file is no receipt; it ends in .json and lies in storage/receipts when it is made")
    about = receipt.get("reference")
    return [problem for entry in entries if (problem := _wrong(practice, entry, about))]


def _wrong(practice: Practice, claimed: object, about: object) -> str | None:
    """Say what is wrong with one entry of a receipt, which anybody can have written."""
    said = claimed if isinstance(claimed, dict) else {}
    number, entry = said.get("number"), said.get("entry")
    known = isinstance(number, int) and abs(number) <= ledger.LARGEST
    row = practice.database.row("SELECT entry, hash FROM ledger WHERE number = ?", number) if known else None
    if row is None or row["hash"] != said.get("hash") or json.loads(row["entry"]) != entry:
        return f"entry {str(number)[:20]} is not in the ledger as the receipt has it"
    if json.loads(row["entry"]).get("dossier") != about:
        return f"entry {number} is about another dossier than the receipt"
    return None
