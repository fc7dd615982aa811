"""The benchmark of the purge: it deletes what it says, and leaves the rest; what takes long is not run here."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import purge
from benchmarks.table import markdown
from tests.mailstack.fixtures import needs_servers


@needs_servers
@pytest.mark.long
def test_two_hundred_mails_are_deleted_each_way_and_others_are_left(tmp_path: Path) -> None:
    rows = purge.measured(tmp_path, 200, turns=1)
    assert [row.measure for row in rows][:2] == ["200 mails, planned and deleted, beside doveadm", "- planning alone"]
    assert all(figure > 0 for row in rows for figure in [*row.floor, *row.product])
    assert "beside doveadm" in markdown(rows)
