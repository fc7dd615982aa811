"""Every copy of our own mail is found where it lies, and nothing is called gone that was not looked for everywhere."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.edges import mailbox
from pipeline.edges.mailbox import Copy, Expected, Mailbox, absent, finding, ours
from pipeline.errors import NotReachable, PipelineError
from pipeline.model import OWN_HEADER
from tests.edges.mailboxes import DANGEROUS, MESSAGE_ID, OURS, PROVIDERS, TOKEN, Account, Accounts, decoys, letter
from tests.edges.test_imap_safe import ENDED, NAMES, SELECTED, Parrot, opened
from tests.faults.rules import Rule, deny
from tests.mailstack.fixtures import needs_servers
from tests.outgoing.prepared import eventually

pytestmark = [needs_servers, pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")]

few = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
on = pytest.mark.parametrize


@pytest.fixture
def account(accounts: Accounts, request: pytest.FixtureRequest) -> Iterator[Account]:
    with accounts.on(getattr(request, "param", "full")) as made:
        yield made
        assert made.harmless()


@pytest.fixture(scope="module")
def parrot() -> Iterator[Parrot]:
    with Parrot() as running:
        yield running


on_every_server = on("account", PROVIDERS, indirect=True)


def found(account: Account, folder: str | None = None, first: int = 1, numbering: int | None = None) -> list[Copy]:
    """Give the copies in a folder, Sent if none is named."""
    with account.opened() as box:
        batches = list(ours(box, folder or account.provider.sent, first, numbering))
    return [copy for batch in batches for copy in batch.copies]


@on_every_server
def test_what_carries_our_header_is_found_and_what_looks_like_it_is_not(account: Account) -> None:
    for data, flags in decoys().values():
        account.put(data, flags=flags)
    before = account.listing()
    uid = account.put(letter())
    copies = found(account)
    assert {copy.token: copy.uid for copy in copies}[TOKEN] == uid
    assert {copy.token for copy in copies} == {TOKEN, "another1", "another2"}
    assert {copy.message_id for copy in copies if copy.token == TOKEN} == {MESSAGE_ID, "<2@elsewhere.example>"}
    after = account.listing()
    after[account.provider.sent].pop(uid)
    assert after == before


def test_a_copy_tells_whether_it_was_filed_delivered_or_sent_on(account: Account) -> None:
    account.put(letter())
    account.put(b"Return-Path: <coach@practice.example>\r\n" + letter())
    account.put(b"Delivered-To: coach@practice.example\r\n" + letter())
    account.put(b"Resent-From: client@home.example\r\nResent-To: coach@practice.example\r\n" + letter())
    told = [(copy.delivered, copy.resent) for copy in found(account)]
    assert told == [(False, False), (True, False), (True, False), (False, True)]


def test_a_copy_goes_by_the_name_that_it_had_before_gmail_gave_it_another(account: Account) -> None:
    account.put(letter(X_Google_Original_Message_ID="<before@practice.example>"))
    (copy,) = found(account)
    assert copy.message_id == "<before@practice.example>"


def test_what_a_strangers_mail_says_is_bounded_and_a_token_is_one_word(account: Account) -> None:
    hostile = letter(None).replace(b"Subject:", f"{OWN_HEADER}: x\r\nSubject:".encode())
    account.put(hostile.replace(MESSAGE_ID.encode(), b"<" + b"m" * 5000 + b">"))
    for token in (b"two words", b"x" * 101, "één".encode(), b"a\x01b"):
        account.put(hostile.replace(b": x\r\n", b": " + token + b"\r\n"))
    (copy,) = found(account)
    assert (copy.token, len(copy.message_id)) == ("x", 500)


@on_every_server
def test_a_later_look_reads_only_what_is_new_unless_the_folder_was_numbered_anew(account: Account) -> None:
    account.put(letter("first"))
    with account.opened() as box:
        *_, last = ours(box, account.provider.sent)
    account.put(letter("second"))

    def tokens(numbering: int | None) -> list[str]:
        return [copy.token for copy in found(account, None, last.next_uid, numbering)]

    assert tokens(None) == tokens(last.uidvalidity) == ["second"]
    assert tokens(last.uidvalidity + 1) == ["first", "second"]
    assert [copy.token for copy in found(account, None, last.next_uid + 1000)] == ["first", "second"]


def test_nothing_is_searched_for_since_an_index_may_lag(account: Account) -> None:
    account.put(letter())
    account.line.add(deny(b"(UID )?SEARCH"))
    assert len(found(account)) == 1
    with account.opened() as box:
        assert absent(box, [TOKEN]).found == {"Sent": {TOKEN}}


@given(span=st.integers(1, 20), group=st.integers(1, 9), gone=st.sets(st.integers(1, 14)), first=st.integers(1, 15))
@few
def test_however_large_the_pieces_are_the_same_is_found(
    accounts: Accounts, span: int, group: int, gone: set[int], first: int
) -> None:
    with accounts.on("full") as account, pytest.MonkeyPatch.context() as patch:
        with account.person("Sent") as client:
            client.multiappend("Sent", [letter(f"token{at}") for at in range(1, 15)])
            if gone:
                client.delete_messages(sorted(gone))
                client.uid_expunge(sorted(gone))
        patch.setattr(finding, "SPAN", span)
        patch.setattr(finding, "GROUP", group)
        seen = []
        with account.opened() as box:
            for batch in ours(box, "Sent", first):
                assert all(copy.uid < batch.next_uid for copy in batch.copies) and len(batch.copies) <= group
                seen += [copy.uid for copy in batch.copies]
                box.examine("INBOX")  # something else is done in between
            asked = [f"token{at}" for at in range(20)]
            look = absent(box, asked)
        assert seen == [uid for uid in range(first, 15) if uid not in gone]
        assert look.gone() == {name for name in asked if int(name[5:]) in gone or not 1 <= int(name[5:]) <= 14}


def test_a_folder_that_is_numbered_anew_while_it_is_read_is_not_read_on(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "GROUP", 1)
    uids = [account.put(letter(f"token{at}"), "Work") for at in range(3)]
    with account.opened() as box:
        batches = ours(box, "Work")
        assert [copy.uid for copy in next(batches).copies] == uids[:1]
        with account.person() as client:
            client.delete_folder("Work")
        account.put(letter("other"), "Work")
        with pytest.raises(mailbox.Withheld, match="anew"):
            next(batches)


# The same two mails, as servers may tell of them: in another order, as a quoted string, in two answers, with news.
OWN = f"{OWN_HEADER}: token1\r\nMessage-ID: <1@practice.example>\r\n\r\n".encode()
SECTION = b"BODY[HEADER.FIELDS (X)]<0>"
AT = b'INTERNALDATE "01-Mar-2026 09:00:00 +0100"'
ANSWERS = {
    "usual": b"* 1 FETCH (UID 7 %(at)b %(own)b)\r\n",
    "in another order": b"* 1 FETCH (%(own)b UID 7 %(at)b)\r\n",
    "with news of another": b"* 1 FETCH (%(at)b UID 7 %(own)b)\r\n* 7 FETCH (FLAGS (\\Deleted))\r\n",
    "in two answers": b"* 1 FETCH (UID 7 %(at)b)\r\n* 1 FETCH (UID 7 %(own)b)\r\n",
}


@on("shape", ANSWERS)
def test_an_answer_in_any_shape_is_read_alike(parrot: Parrot, shape: str) -> None:
    parrot.answers = {
        b"EXAMINE": b"* 1 EXISTS\r\n* OK [UIDVALIDITY 1] ok\r\n* OK [UIDNEXT 8] ok\r\n",
        b"FETCH": ANSWERS[shape] % {b"at": AT, b"own": b"%b {%d}\r\n%b" % (SECTION, len(OWN), OWN)},
    }
    with opened(parrot) as box:
        copies = [copy for batch in ours(box, "INBOX") for copy in batch.copies]
    assert copies == [Copy(7, "token1", "<1@practice.example>", delivered=False, resent=False)]


def test_a_server_that_does_not_tell_the_next_number_is_looked_through_all_the_same(account: Account) -> None:
    account.line.add(Rule("to client", "rewrite", line=rb" ?UIDNEXT \d+", text=b"", times=None))
    assert found(account) == []
    uid = account.put(letter())
    assert [copy.uid for copy in found(account)] == [uid]


FOLDERS = ["INBOX", "Cliënten", "Work/2026/Ä & B"]


@on_every_server
def test_a_copy_in_any_folder_is_found_and_only_what_is_nowhere_is_gone(account: Account) -> None:
    places = [*FOLDERS, account.provider.sent, account.provider.trash, "Drafts2"]
    for at, folder in enumerate(places):
        account.put(letter(f"token{at}"), folder, ())
    for data, flags in decoys().values():
        account.put(data, flags=flags)
    before = account.listing()
    asked = [f"token{at}" for at in range(len(places))]
    with account.opened() as box:
        look = absent(box, [*asked, "nowhere", "not:our kind of token"])
    found = {name: there for name, there in look.found.items() if name != account.provider.all_mail}
    assert found == {folder: {token} for folder, token in zip(places, asked, strict=True)}
    assert (set(look.unseen), set(look.gone())) == (set(), {"nowhere", "not:our kind of token"})
    assert account.listing() == before
    if account.provider.all_mail:
        assert look.found[account.provider.all_mail] == set(asked) - {"token4"}  # what is in the trash is not in it


def test_a_second_header_of_ours_still_counts_as_ours_when_it_must_be_gone(account: Account) -> None:
    account.put(decoys()["two of our headers"][0])
    with account.opened() as box:
        assert absent(box, [TOKEN]).gone() == set()


BLIND: dict[str, Callable[[], Rule]] = {
    "does not open": lambda: deny(rb'EXAMINE "?Work"?'),
    "does not tell the numbers": lambda: deny(rb"UID FETCH \S+ \(UID(?=\))"),
    "does not give one mail": lambda: deny(rb"UID FETCH (\d+,)*(2|1:2|2:3|1:3) \(UID BODY"),
    "gives no mail": lambda: deny(rb"UID FETCH \S+ \(UID BODY"),
    "shows less than it holds": lambda: Rule(
        "to server", "rewrite", line=rb"UID FETCH 1:3 \(UID\)", text=b"UID FETCH 1:2 (UID)", times=None
    ),
    "answers nonsense": lambda: Rule("to client", "rewrite", line=rb"BODY\[HEADER", text=b"BODY([HEADER", times=None),
}


@on("blind", BLIND)
def test_where_a_folder_cannot_be_looked_into_nothing_is_called_gone(account: Account, blind: str) -> None:
    for at in range(3):
        account.put(letter(f"token{at}"), "Work")
    account.line.add(BLIND[blind]())
    with account.opened() as box:
        look = absent(box, ["nowhere"])
    assert (set(look.unseen), len(look.gone())) == ({"Work"}, 0)


LISTS = {
    "nothing": b"",
    "no INBOX": b'* LIST () "/" Sent\r\n',
}


@on("listed", LISTS)
def test_a_list_of_folders_without_inbox_is_not_believed(parrot: Parrot, listed: str) -> None:
    parrot.answers = {b"LIST": LISTS[listed]}
    with opened(parrot) as box, pytest.raises(NotReachable, match="does not list all its folders"):
        absent(box, [TOKEN])


def test_a_folder_that_cannot_be_named_is_one_that_was_not_seen(parrot: Parrot) -> None:
    parrot.answers = {
        b"LIST": b'* LIST () "/" INBOX\r\n* LIST () "/" "&AAA"\r\n* LIST (\\Noselect) "/" "Parent"\r\n',
        b"EXAMINE": b"* 0 EXISTS\r\n* OK [UIDVALIDITY 1] ok\r\n* OK [UIDNEXT 1] ok\r\n",
    }
    with opened(parrot) as box:
        look = absent(box, [TOKEN])
    assert (look.found, set(look.unseen), set(look.gone())) == ({}, {"&AAA"}, set())


def test_a_line_that_breaks_while_looking_claims_nothing(account: Account) -> None:
    account.put(letter())
    account.line.add(Rule("to client", "close", line=rb"^\* 1 FETCH"))
    with account.opened() as box, pytest.raises(NotReachable):
        absent(box, ["nowhere"])


def test_what_a_person_moves_to_a_folder_that_was_looked_in_already_is_found_all_the_same(account: Account) -> None:
    with account.opened() as box:
        first, *_, last = [one.name for one in box.folders()]
    uid = account.put(letter(), last)
    account.line.add(Rule("to server", "delay", line=f'EXAMINE "{last}"'.encode(), seconds=0.7))
    looks: list[mailbox.Absence] = []
    with account.opened() as box:
        looking = threading.Thread(target=lambda: looks.append(absent(box, [TOKEN])))
        looking.start()
        eventually(lambda: f'EXAMINE "{last}"'.encode() in account.line.said("to server"))
        with account.person(last) as client:
            client.move([uid], first)
        looking.join()
    assert looks[0].gone() == set() and looks[0].found == {first: {TOKEN}}


ASKS: list[Callable[[Mailbox, str], object]] = [
    lambda box, name: list(ours(box, name)),
    lambda box, name: absent(box, [TOKEN]),
    lambda box, name: mailbox.remove(box, name, 1, {1: OURS, 7: OURS}, "Trash"),
    lambda box, name: mailbox.remove(box, "INBOX", 1, {1: Expected(MESSAGE_ID, None, "00")}, name),
]


@given(answer=ENDED, name=NAMES, way=st.sampled_from([b"UIDPLUS", b"MOVE", b"UIDPLUS MOVE X-GM-EXT-1"]))
@few
def test_no_answer_and_no_folders_name_is_more_than_a_server_that_cannot_be_used(
    parrot: Parrot, answer: bytes, name: str, way: bytes
) -> None:
    for ask in ASKS:
        parrot.answers = {b"CAPABILITY": b"* CAPABILITY IMAP4rev1 " + way + b"\r\n", b"EXAMINE": SELECTED}
        parrot.answers |= dict.fromkeys((b"FETCH", b"LIST", b"STATUS", b"MOVE", b"EXPUNGE", b"STORE"), answer)
        parrot.answers |= {b"SELECT": SELECTED}
        parrot.heard.clear()
        with contextlib.suppress(PipelineError), opened(parrot) as box:
            ask(box, name)
        assert not DANGEROUS.findall(b"\r\n".join(parrot.heard))


@on("account", ["full", "gmail", "without MOVE", "exchange"], indirect=True)
def test_what_is_found_can_be_removed_and_then_it_is_nowhere(account: Account) -> None:
    for folder in (account.provider.sent, "INBOX", "Cliënten", account.provider.trash):
        account.put(letter(), folder, ())
    with account.opened() as box:
        for folder in [one.name for one in box.folders() if "\\noselect" not in one.uses]:
            for numbering, _, copies, _ in ours(box, folder):
                named = dict.fromkeys((copy.uid for copy in copies), OURS)
                mailbox.remove(box, folder, numbering, named, account.provider.trash)
    with account.opened() as box:
        assert absent(box, [TOKEN]).gone() == {TOKEN}
    assert account.holds(letter()) == []


@pytest.mark.long
@pytest.mark.timeout(600)
def test_of_twenty_thousand_tokens_each_is_told_to_be_there_or_gone(account: Account) -> None:
    with account.person() as client:
        for at in range(0, 20_000, 500):
            folder = ("Sent", "INBOX", "Archive", "Trash")[at // 500 % 4]
            client.multiappend(folder, [letter(f"token{one}") for one in range(at, at + 500)])
    asked = [f"token{at}" for at in range(10_000, 30_000)]
    with account.opened() as box:
        look = absent(box, asked)
    assert (set(look.unseen), set(look.gone())) == (set(), {f"token{at}" for at in range(20_000, 30_000)})
    assert sum(map(len, look.found.values())) == 10_000
