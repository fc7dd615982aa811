"""A mailbox of very many mails with a thousand that only look like ours: all of ours go, and no other is touched."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.edges.mailbox import Removal
from pipeline.edges.mailbox.headers import batches
from pipeline.retention.mail import purge
from tests.edges.mailboxes import PROVIDERS, TOKEN, Accounts, decoys, hashed, letter
from tests.mailstack.fixtures import needs_servers
from tests.retention.purging import ACCEPTED, MESSAGES, Desk, desk
from tests.world import COACH, World

pytestmark = [needs_servers, pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")]
DECOYS = 1_000
AT_ONCE = "  - {id: mine.mail, clauses: [X-6], covers: [quote, daily], after: accepted, within: PT1H}\n"


@pytest.fixture
def mail(composed: World, tmp_path: Path, accounts: Accounts, request: pytest.FixtureRequest) -> Iterator[Desk]:
    with accounts.on(request.param) as account, desk(composed, tmp_path, account, AT_ONCE) as made:
        yield made
        assert made.whole()


def token(number: int) -> str:
    """Give the token of one of our mails."""
    return f"token{number:015}"


def crowd(mail: Desk, count: int, lookalikes: int) -> tuple[list[bytes], list[bytes]]:
    """Fill Sent with so many of ours and decoys of them, mixed; gives both."""
    ours = [letter(token(at), f"<{token(at)}@practice.example>") for at in range(count)]
    kinds = list(decoys().values())
    alike = [(kinds[at % len(kinds)], token(at % count)) for at in range(lookalikes)]
    decoy = [
        (data.replace(TOKEN.encode(), of.encode()).replace(b"\r\n\r\n", b"\r\nX-At: %d\r\n\r\n" % at, 1), flags)
        for at, ((data, flags), of) in enumerate(alike)
    ]
    mixed = [(data, ()) for data in ours] + decoy
    random.Random(count).shuffle(mixed)
    with mail.account.person() as client:
        together = client.has_capability("MULTIAPPEND")
        for some in batches(mixed, 500 if together else 1):
            if together:
                client.multiappend(mail.account.provider.sent, [{"msg": data, "flags": flags} for data, flags in some])
            else:
                client.append(mail.account.provider.sent, *some[0])
    mail.run(MESSAGES, count, COACH, ACCEPTED.isoformat())
    return ours, [data for data, _ in decoy]


def goes(mail: Desk, count: int, lookalikes: int) -> None:
    """Purge such a mailbox, and see what is left."""
    ours, _ = crowd(mail, count, lookalikes)
    own, provider = {hashed(data) for data in ours}, mail.account.provider
    before = mail.account.listing()[provider.sent]
    mail.keep(ACCEPTED)
    decoy = {uid: one for uid, one in before.items() if one[0] not in own}
    assert len(decoy) == lookalikes
    rows = mail.practice.database.rows("SELECT DISTINCT state, grade, reason FROM purges WHERE token LIKE 'token%'")
    states = {tuple(row) for row in rows}
    after = mail.account.listing()
    if provider.removal is Removal.REMOVED:
        assert (after, states) == ({provider.sent: decoy}, {("gone", "observed_absent", None)})
    elif provider.removal is Removal.IN_TRASH:
        assert (after[provider.sent], states) == (decoy, {("kept", None, "copy_in_trash")})
        assert {one[0] for one in after[provider.trash].values()} == own
    else:
        assert (after, states) == ({provider.sent: before}, {("kept", None, "copy_cannot_go")})


@pytest.mark.parametrize("mail", ["full"], indirect=True)
def test_of_a_small_crowd_all_of_ours_go_and_no_decoy_is_touched(mail: Desk) -> None:
    goes(mail, 200, 100)


@pytest.mark.parametrize("mail", ["full"], indirect=True)
def test_many_go_round_by_round_and_a_stop_in_between_is_carried_on(
    mail: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(purge, "ROUND", 30)
    ours, decoy = crowd(mail, 100, 10)
    stopper = threading.Thread(target=stop_at_the_first_expunge, args=(mail,))
    stopper.start()
    mail.keep(ACCEPTED)
    stopper.join()
    there = {one[0] for one in mail.account.listing()["Sent"].values()} & set(map(hashed, ours))
    assert len(there) >= 40 and mail.practice.database.value("SELECT count(*) FROM purges WHERE state = 'due'") >= 40
    mail.practice.stopping.clear()
    mail.keep(ACCEPTED)
    left = [one[0] for one in mail.account.listing()["Sent"].values()]
    assert sorted(left) == sorted(map(hashed, decoy))
    told = [str(entry["token"]) for entry in mail.entries("mail.deleted")]
    assert sorted(one for one in told if one.startswith("token")) == [token(at) for at in range(100)]


def stop_at_the_first_expunge(mail: Desk) -> None:
    """Stop the program as a person would, once the first mails are being removed."""
    while b"UID EXPUNGE" not in mail.account.line.said("to server"):
        time.sleep(0.001)
    mail.practice.stopping.set()


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("mail", ["full", "gmail"], indirect=True)
def test_of_twenty_thousand_all_of_ours_go_and_no_decoy_is_touched(mail: Desk) -> None:
    goes(mail, 20_000 - DECOYS, DECOYS)


@pytest.mark.long
@pytest.mark.timeout(14_400)
@pytest.mark.parametrize("mail", PROVIDERS, indirect=True)
def test_of_a_hundred_thousand_all_of_ours_go_and_no_decoy_is_touched(mail: Desk) -> None:
    goes(mail, 100_000 - DECOYS, DECOYS)
