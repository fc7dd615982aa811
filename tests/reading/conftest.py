"""One reading process for all the tests that need one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pipeline.edges.reader import Reader


@pytest.fixture(scope="session")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    """Give the reader: a real process, behind closed doors."""
    made = Reader(tmp_path_factory.mktemp("reading"))
    yield made
    made.close()
