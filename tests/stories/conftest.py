"""What the stories can ask for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.mailstack.stack import MailStack
from tests.stories.story import Story, told

Begins = Callable[[str], Story]


@pytest.fixture
def begins(mail: MailStack, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Iterator[Begins]:
    """Give how a story begins: with a practice of some policy; nothing in it may be a defect of the program."""
    with ExitStack() as running:
        yield lambda policy: running.enter_context(told(policy, tmp_path, mail))
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == []
