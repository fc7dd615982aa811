"""kill -9 anywhere in the conversation with Postfix and Dovecot: nothing lost (P1), nothing sent twice (P2)."""

from __future__ import annotations

import itertools
import re
import time
from pathlib import Path

import pytest

from tests.crash import points, rounds, verdict
from tests.crash.injection import Fault, needs_strace
from tests.crash.scene import Scene, addresses, set_up
from tests.mailstack.fixtures import needs_servers
from tests.mailstack.stack import MailStack
from tests.world import World

pytestmark = [needs_strace, needs_servers]
QUEUED = re.compile(r"qmgr\[\d+\]: (\w+): from=")
DELIVERED = re.compile(r"qmgr\[\d+\]: (\w+): removed")
PATIENCE = 20.0


class RealPost:
    """Scenes on real servers; what Postfix accepted counts as arrived once it is delivered."""

    def __init__(self, mail: MailStack, root: Path) -> None:
        """Use `mail`; the practices come in `root`."""
        self.mail, self.root = mail, root
        self._numbers = itertools.count()

    def scene(self, *, sponsored: bool) -> Scene:
        """Give a practice that nobody worked on yet, with mailboxes of its own."""
        number = next(self._numbers)
        for address in addresses(number):
            self.mail.add_address(address)
        coach, _, _ = addresses(number)
        here = "host: 127.0.0.1, security: plain-on-loopback"
        world = World(
            self.root / str(number),
            smtp=f"{{{here}, port: {self.mail.smtp_port}}}",
            imap=f"{{{here}, port: {self.mail.imap_port}, user: {coach}}}",
            sent_copy="append",
        )
        world.keep_password(f"{coach}@127.0.0.1", self.mail.password(coach))
        return set_up(world, self, number, sponsored=sponsored)

    def messages(self, address: str, folder: str = "INBOX") -> list[bytes]:
        """Give the mails in a folder, once nothing lies in the queue."""
        deadline = time.monotonic() + PATIENCE
        while set(QUEUED.findall(self.mail.logs())) - set(DELIVERED.findall(self.mail.logs())):
            assert time.monotonic() < deadline, self.mail.logs()
            time.sleep(0.02)
        return self.mail.messages(address, folder)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_a_kill_anywhere_in_the_conversation_loses_nothing_and_sends_nothing_twice(
    mail: MailStack, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    post = RealPost(mail, tmp_path)
    found = points.calls(post.scene(sponsored=False))
    after_the_dot = points.around_the_dot(found)[1]
    faults = [*(Fault("sendto", number) for number in range(1, points.totals(found)["sendto"] + 1)), after_the_dot]
    results = [rounds.kill(post, fault, sponsored=False) for fault in faults]
    with capsys.disabled():
        print(f"\n{rounds.table(results)}")  # noqa: T201 - the figures of the long round
    assert rounds.violations(results) == []
    assert {verdict.ONCE, verdict.ARRIVED, verdict.NEVER_LEFT} <= {result.outcome for result in results}
