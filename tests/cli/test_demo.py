"""The demo: a whole coaching before one's eyes, from the dropped file to the last byte gone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

IN_ORDER = [
    "drops drop/clients/jansen.yaml", "mail to the client: accepted", "invoice F2026-0001 issued",
    "is complete: 2 countersigned copies", "appointment to the client: accepted", "profile to the client: accepted",
    "answers: Kun je de zin", "answers: Ja, akkoord.", "report v2 composed for the sponsor",
    "report to the sponsor: accepted", "pipeline paid", "profile erased", "statutory F2026-0001 erased",
]  # fmt: skip


def test_the_demo_goes_from_the_dropped_file_to_the_last_byte_gone(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "pipeline", "demo", str(tmp_path)], capture_output=True, text=True, timeout=110,
        check=False,
    )  # fmt: skip
    assert (ended.returncode, ended.stderr) == (0, "")
    told = ended.stdout.replace(f"F{ended.stdout.partition('invoice F')[2][:4]}", "F2026")
    places = [told.find(text) for text in IN_ORDER]
    assert places == sorted(places) and -1 not in places, dict(zip(IN_ORDER, places, strict=True))
    dossiers = tmp_path / "praktijk-de-linde" / "storage" / "dossiers"
    assert not [path for path in dossiers.rglob("*") if path.is_file()]
