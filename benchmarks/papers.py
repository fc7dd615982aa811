"""The same work for both: client files for the product, and for the floor the finished values of their documents.

The floor gets what the program had to work out (who receives what, amounts, dates) as a gift.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from pipeline.config.client import read_client_file
from pipeline.config.practice import PracticeFile, read_practice_file
from pipeline.model import OPENING, Kind, document_file
from pipeline.outgoing import plan
from pipeline.outgoing.values.base import Revision, document_values, mail_values
from pipeline.policy.policy import Policy, read_policy
from pipeline.words import say
from tests.world import SPONSOR, client_file

PaperWork = dict[str, Any]


def dropped(number: int, *, sponsored: bool) -> str:
    """Give the text of client file `number`."""
    return client_file(f"Sanne Jansen{number}", f"s{number}@home.example", sponsor=SPONSOR if sponsored else None)


def paperwork(folder: Path, number: int, *, sponsored: bool) -> PaperWork:
    """Give what the floor must print and send for client file `number` of the practice in `folder`."""
    file = read_practice_file(folder)
    policy = read_policy(file.policy, folder, file.language)
    text = dropped(number, sponsored=sponsored).encode()
    client = read_client_file(text, "dropped", language=file.language, catalogue=tuple(file.programmes))
    revision = Revision(f"K7Q4-{number:04d}", 1, f"2026-{number:04d}", date(2026, 11, 22), client)
    return {
        "documents": [_document(revision, kind, file, policy) for kind in OPENING],
        "mails": [_mail(revision, delivery, file, policy) for delivery in plan.deliveries(client)],
    }


def _document(revision: Revision, kind: Kind, file: PracticeFile, policy: Policy) -> PaperWork:
    template = file.quote.template if kind is Kind.QUOTE else f"{kind}.html"
    return {
        "kind": kind,
        "name": document_file(revision.reference, kind, 1),
        "template": f"{revision.language(file)}/{template}",
        "values": document_values(revision, kind, file, policy),
    }


def _mail(revision: Revision, delivery: plan.Delivery, file: PracticeFile, policy: Policy) -> PaperWork:
    language = revision.language(file)
    return {
        "sender": file.mail.sender,
        "recipient": delivery.recipient,
        "subject": say(language, "subject", practice=file.practice.name, reference=revision.reference),
        "text": f"{language}/mail/{delivery.text}.txt",
        "values": mail_values(revision, delivery.party, list(delivery.kinds), file, policy),
        "attachments": [document_file(revision.reference, kind, 1) for kind in delivery.kinds],
    }
