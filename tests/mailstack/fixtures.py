"""Fixtures for a conftest to import: one stack for the whole run, or a clean skip where servers are missing.

Leaves no process behind.
"""

from collections.abc import Iterator

import pytest

from tests.mailstack.install import command, missing, wrong_version
from tests.mailstack.stack import MailStack

COACH = "coach@practice.example"
CLIENT = "client@home.example"


def _why_not() -> str:
    # strace belongs to the crash tests; the stack runs without it.
    needed = [package for package in missing() if package != "strace"]
    return f"mail servers missing; type: {command(needed)}" if needed else wrong_version()


_WHY_NOT = _why_not()

needs_servers = pytest.mark.skipif(bool(_WHY_NOT), reason=_WHY_NOT or "the servers are here")


@pytest.fixture(scope="session")
def mail() -> Iterator[MailStack]:
    """Give a running stack with Postfix, a coach and a client; ``mail.add_address`` makes a fresh mailbox."""
    if _WHY_NOT:
        pytest.skip(_WHY_NOT)
    with MailStack([COACH, CLIENT]) as running:
        yield running
