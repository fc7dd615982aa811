"""What the receipt says of something that went while other things were kept longer: never more than was proved."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from pipeline import newpractice
from pipeline.config.practice import read_practice_file
from pipeline.retention.receipt_page import receipt_values
from tests.policy.promises import POLICIES

FILE = read_practice_file(newpractice.shipped())
LONGER = (
    "It was removed. Not all that it said was proved to be gone then: it could still stand in what we kept longer,"
    " such as {}."
)
SEEN_ELSEWHERE = "It was removed; a trace of it was still seen elsewhere then, or could not be looked for."


def entry(part: str, day: str, grade: str = "commanded", **more: str) -> dict[str, Any]:
    said = {"event": "erasure.verified", "at": f"{day}T09:00:00+00:00", "part": part, "grade": grade, **more}
    return {"number": 1, "hash": "0" * 64, "entry": {"rules": "ken-jezelf.contact", "clauses": "J-4.4", **said}}


def sure(*entries: dict[str, Any], kept: tuple[dict[str, Any], ...] = ()) -> str:
    """Give how sure the receipt says that the first of these is gone."""
    receipt = {"reference": "K7Q4-MX2P", "entries": list(entries), "kept": list(kept)}
    values = receipt_values(receipt, [POLICIES["ken-jezelf"]], FILE, "en", lambda at: datetime.fromisoformat(at).date())
    first = values["sections"][0]["rows"][0]["cells"]
    return str(first[1]["note"])


def test_it_names_what_was_kept_longer_and_until_when() -> None:
    said = sure(
        entry("client", "2025-02-07", left="held unread"),
        entry("mail_out", "2027-02-07"), entry("quote", "2027-02-07"),
        kept=({"part": "statutory F2020-0001", "until": "2028-01-01", "rules": []},),
    )  # fmt: skip
    assert said == LONGER.format(
        "mail sent and quote until 7 February 2027 and invoice F2020-0001 (what the law names) until 1 January 2028"
    )


def test_it_names_nothing_that_was_gone_by_then() -> None:
    gone = entry("goal", "2024-02-07"), entry("employer", "2025-02-07")
    assert sure(entry("client", "2025-02-07", left="seen"), *gone) == SEEN_ELSEWHERE


@pytest.mark.parametrize("left", [{}, {"left": "file"}, {"left": "file seen"}])
def test_a_file_that_was_still_there_is_not_put_down_to_what_was_kept_longer(left: dict[str, str]) -> None:
    assert sure(entry("client", "2025-02-07", **left), entry("quote", "2027-02-07")) == SEEN_ELSEWHERE


def test_what_she_agreed_to_herself_has_no_day_yet() -> None:
    kept: dict[str, Any] = {"part": "client", "until": None, "rules": []}
    said = sure(entry("goal", "2025-02-07", left="unread"), kept=(kept,))
    assert said == LONGER.format("name and contact details")


def test_what_was_proved_gone_is_said_so_whatever_was_kept_longer() -> None:
    said = sure(entry("client", "2025-02-07", "unrecoverable_inside"), entry("quote", "2027-02-07"))
    assert said.startswith("Afterwards everything that we keep was searched")
