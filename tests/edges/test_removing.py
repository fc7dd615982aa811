"""Exactly the mail that is named is removed, on every kind of server, and nothing that only looks like it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.edges import mailbox
from pipeline.edges.mailbox import Expected, Removal
from pipeline.edges.mailbox.removing import removals
from pipeline.errors import NotReachable, PipelineError
from pipeline.model import OWN_HEADER
from tests.edges.mailboxes import (
    MESSAGE_ID,
    OURS,
    PROVIDERS,
    TOKEN,
    Account,
    Accounts,
    decoys,
    hashed,
    letter,
)
from tests.faults.rules import Action, Direction, Rule, deny
from tests.mailstack.fixtures import needs_servers

pytestmark = [needs_servers, pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")]

ANOTHER = Expected("<another@practice.example>", "another0000000000000")
few = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def account(accounts: Accounts, request: pytest.FixtureRequest) -> Iterator[Account]:
    with accounts.on(getattr(request, "param", "full")) as made:
        yield made
        assert made.harmless()


on_every_server = pytest.mark.parametrize("account", PROVIDERS, indirect=True)
on = pytest.mark.parametrize


@on_every_server
def test_the_mail_that_is_named_goes_and_what_looks_like_it_stays_as_it_was(account: Account) -> None:
    for data, flags in decoys().values():
        account.put(data, flags=flags)
    before = account.listing()
    uid = account.put(letter())
    assert account.remove({uid: OURS}) == {uid: account.provider.removal}
    left = {
        Removal.REMOVED: [],
        Removal.IN_TRASH: [account.provider.trash],
        Removal.CANNOT: [account.provider.sent],
    }
    assert account.holds(letter()) == left[account.provider.removal]
    after = account.listing()
    if account.provider.removal is Removal.IN_TRASH:
        assert list(after.pop(account.provider.trash).values()) == [(hashed(letter()), frozenset({b"\\Seen"}))]
    if account.provider.removal is Removal.CANNOT:
        assert after[account.provider.sent].pop(uid) == (hashed(letter()), frozenset({b"\\Seen"}))
    assert after == before


@on_every_server
def test_a_number_that_another_mail_has_is_not_removed_however_much_that_looks_like_ours(account: Account) -> None:
    numbers = {account.put(data, flags=flags): name for name, (data, flags) in decoys().items()}
    before = account.listing()
    outcomes = account.remove(dict.fromkeys([*numbers, 999], OURS))
    assert outcomes == {**dict.fromkeys(numbers, Removal.FOREIGN), 999: Removal.ABSENT}
    assert account.listing() == before


@on("account", ["full", "without UIDPLUS", "without SPECIAL-USE", "gmail", "exchange", "sandbox"], indirect=True)
def test_a_folder_that_was_numbered_anew_is_left_alone(account: Account) -> None:
    uid = account.put(letter())
    before = account.listing()
    for numbering in (account.numbering() + 1, 0):
        with account.opened() as box:
            removed = mailbox.remove(box, account.provider.sent, numbering, {uid: OURS}, account.provider.trash)
        assert (removed, account.listing()) == ({uid: Removal.RENUMBERED}, before)


@on("account", ["full", "without UIDPLUS", "gmail", "exchange"], indirect=True)
def test_what_lies_in_the_trash_is_removed_there(account: Account) -> None:
    trash = account.provider.trash
    uid, other = account.put(letter(), trash), account.put(decoys()["the same subject"][0], trash)
    assert account.remove({uid: OURS, other: OURS}, trash) == {
        uid: Removal.REMOVED if b"UIDPLUS" not in account.provider.lacks else Removal.IN_TRASH,
        other: Removal.FOREIGN,
    }
    assert account.holds(letter()) == ([trash] if b"UIDPLUS" in account.provider.lacks else [])


@on("account", ["without UIDPLUS", "gmail"], indirect=True)
@on("trash", [None, "Nowhere"])
def test_where_the_trash_is_not_known_nothing_is_moved(account: Account, trash: str | None) -> None:
    uid = account.put(letter())
    before = account.listing()
    with account.opened() as box:
        removed = mailbox.remove(box, account.provider.sent, account.numbering(), {uid: OURS}, trash)
    assert (removed, account.listing()) == ({uid: Removal.CANNOT}, before)


@on("account", ["full", "gmail", "gmail by itself"], indirect=True)
def test_every_copy_is_gone_once_each_was_named(account: Account) -> None:
    folders = [account.provider.sent, "Cliënten", "INBOX", account.provider.trash]
    named = [(folder, account.put(letter(), folder, ())) for folder in folders]
    assert [account.remove({uid: OURS}, folder)[uid] for folder, uid in named] == [Removal.REMOVED] * 4
    assert account.holds(letter()) == []


def test_a_mail_of_gmails_is_removed_from_the_folder_of_all_mail(accounts: Accounts) -> None:
    with accounts.on("gmail") as account:
        assert account.provider.all_mail
        account.put(letter())
        account.put(letter(), "INBOX")
        with account.person(account.provider.all_mail) as client:
            named = dict.fromkeys(client.search("ALL"), OURS)
        assert len(named) == 2
        assert set(account.remove(named, account.provider.all_mail).values()) == {Removal.REMOVED}
        assert account.holds(letter()) == []


def test_the_name_that_a_mail_had_before_gmail_gave_it_another_counts(account: Account) -> None:
    renamed = letter(message_id="<1@mail.gmail.example>", X_Google_Original_Message_ID=MESSAGE_ID)
    uid = account.put(renamed)
    assert account.remove({uid: OURS}) == {uid: Removal.REMOVED}


@on_every_server
def test_mail_that_came_in_goes_by_the_hash_of_its_bytes_alone(account: Account) -> None:
    came = letter(None, "<1@home.example>", "I agree")
    numbers = {
        account.put(came, "INBOX", ()): Removal.REMOVED,
        account.put(letter(None, "<1@home.example>", "I do not"), "INBOX", ()): Removal.FOREIGN,
        account.put(letter(TOKEN, "<1@home.example>", "I agree"), "INBOX", ()): Removal.FOREIGN,
    }
    expected = Expected("<1@home.example>", None, hashed(came))
    outcomes = account.remove(dict.fromkeys(numbers, expected), "INBOX")
    assert outcomes == {
        uid: account.provider.removal if outcome is Removal.REMOVED else outcome for uid, outcome in numbers.items()
    }
    assert ("INBOX" in account.holds(came)) == (account.provider.removal is Removal.CANNOT)


@on("account", ["gmail", "full"], indirect=True)
def test_mail_without_a_message_id_goes_by_its_hash_too(account: Account) -> None:
    came, other = letter(None, None, "I agree"), letter(None, None, "I do not")
    account.put(other, account.provider.trash, ())
    uid, foreign = account.put(came, "INBOX", ()), account.put(other, "INBOX", ())
    expected = Expected("", None, hashed(came))
    outcomes = account.remove({uid: expected, foreign: expected}, "INBOX")
    assert outcomes == {uid: Removal.REMOVED, foreign: Removal.FOREIGN}
    assert (account.holds(came), len(account.listing()[account.provider.trash])) == ([], 1)


@on("values", [("", TOKEN, None), (MESSAGE_ID, None, None), (MESSAGE_ID, "", None), ("", None, "")])
def test_what_any_mail_could_be_cannot_be_named(values: tuple[str, str | None, str | None]) -> None:
    with pytest.raises(ValueError, match="known by its Message-ID and our header"):
        Expected(*values)


REFUSALS: dict[str, Callable[[], Rule]] = {
    "a no to the expunge": lambda: deny(b"UID EXPUNGE"),
    "a no to the mark": lambda: deny(rb"UID STORE \S+ \+FLAGS"),
    "a yes to the expunge that is not done": lambda: Rule(
        "to server", "reply", line=rb"^(\S+) UID EXPUNGE.*\r\n", text=rb"\1 OK Done\r\n", times=None
    ),
}


@on("account", ["full", "gmail"], indirect=True)
@on("refusal", REFUSALS)
def test_a_mail_that_the_server_does_not_expunge_keeps_the_flags_that_it_had(account: Account, refusal: str) -> None:
    trash, plain = account.provider.trash, account.put(letter())
    marked = account.put(letter("marked00"), flags=(b"\\Deleted", b"\\Flagged"))
    account.line.add(REFUSALS[refusal]())
    outcomes = account.remove({plain: OURS, marked: Expected(MESSAGE_ID, "marked00")})
    through_trash = account.provider.all_mail is not None
    assert set(outcomes.values()) == {Removal.IN_TRASH if through_trash else Removal.CANNOT}
    held = account.listing()[trash if through_trash else account.provider.sent]
    assert sorted(held.values()) == sorted(
        [
            (hashed(letter()), frozenset({b"\\Seen"})),
            (hashed(letter("marked00")), frozenset({b"\\Deleted", b"\\Flagged"})),
        ]
    )


def test_a_folder_that_can_only_be_read_is_left_alone(account: Account) -> None:
    uid = account.put(letter())
    before = account.listing()
    account.line.add(Rule("to client", "rewrite", line=rb"\[READ-WRITE\]", text=b"[READ-ONLY]", times=None))
    assert account.remove({uid: OURS}) == {uid: Removal.CANNOT}
    assert account.listing() == before


def test_a_folder_that_there_is_not_is_told_and_not_taken_for_empty(account: Account) -> None:
    with account.opened() as box, pytest.raises(mailbox.Withheld):
        mailbox.remove(box, "Nowhere", 1, {1: OURS}, "Trash")


def test_a_mail_that_the_server_does_not_show_is_not_touched_and_the_others_are(account: Account) -> None:
    uids = [account.put(letter(f"token{at:04}")) for at in range(4)]
    account.line.add(deny(rb"UID FETCH (\d+,)*(1:|1 |1,)\S* ?\(UID FLAGS"))
    expected = {uid: Expected(MESSAGE_ID, f"token{at:04}") for at, uid in enumerate(uids)}
    outcomes = account.remove(expected)
    assert outcomes == {uid: Removal.CANNOT if uid == 1 else Removal.REMOVED for uid in uids}
    assert list(account.listing()["Sent"]) == [1]


def test_a_mail_that_an_answer_leaves_out_is_not_taken_for_gone(account: Account) -> None:
    first, second = account.put(letter()), account.put(letter(text="another"))
    account.line.add(
        Rule("to server", "rewrite", line=rb"UID FETCH 1:2 \(UID FLAGS", text=rb"UID FETCH 2 (UID FLAGS", times=None)
    )
    outcomes = account.remove({first: OURS, second: OURS})
    assert outcomes == {first: Removal.CANNOT, second: Removal.REMOVED}


def test_what_a_person_took_away_meanwhile_is_absent_and_what_moved_up_is_not_touched(account: Account) -> None:
    uids = [account.put(letter()) for _ in range(3)]
    with account.person("Sent") as client:
        client.move(uids[:1], "Archive")
    assert account.remove({uids[0]: OURS}) == {uids[0]: Removal.ABSENT}
    assert account.holds(letter()) == ["Archive", "Sent"]


KINDS = st.sampled_from(["named", "ours", "named with another token", "marked by a person", "named and marked"])


@given(mails=st.lists(KINDS, min_size=1, max_size=12))
@few
@on("provider", ["full", "gmail"])
def test_of_any_mailbox_what_is_named_goes_and_the_rest_stays(
    accounts: Accounts, provider: str, mails: list[str]
) -> None:
    with accounts.on(provider) as account:
        flags = {"marked by a person": (b"\\Deleted",), "named and marked": (b"\\Deleted", b"\\Flagged")}
        uids = {account.put(letter(text=str(at)), flags=flags.get(kind, ())): kind for at, kind in enumerate(mails)}
        named = {uid: ANOTHER if "another" in kind else OURS for uid, kind in uids.items() if kind.startswith("named")}
        before = account.listing()[account.provider.sent]
        outcomes = account.remove(named) if named else {}
        assert outcomes == {uid: Removal.FOREIGN if one is ANOTHER else Removal.REMOVED for uid, one in named.items()}
        gone = {uid for uid, outcome in outcomes.items() if outcome is Removal.REMOVED}
        left = {account.provider.sent: {uid: one for uid, one in before.items() if uid not in gone}}
        assert account.listing() == {name: held for name, held in left.items() if held}
        assert account.harmless()


HOSTILE = st.text(max_size=40) | st.text(st.sampled_from('"\\\r\n\0{}&%*()<>@ UIDEXPNG1:'), max_size=40)


@given(message_id=HOSTILE, token=HOSTILE, trash=HOSTILE.map(lambda name: name.replace("\ud800", "")))
@few
def test_no_text_of_others_becomes_a_command(accounts: Accounts, message_id: str, token: str, trash: str) -> None:
    with accounts.on("without UIDPLUS") as account:
        named = f"<{message_id}>"
        data = letter(None).replace(b"\r\n", f"\r\n{OWN_HEADER}: {token}\r\n".encode("utf-8", "replace"), 1)
        uid = account.put(data.replace(b"\0", b""), flags=())
        with account.opened() as box:
            try:
                outcomes = mailbox.remove(box, "Sent", account.numbering(), {uid: Expected(named, token or "t")}, trash)
            except PipelineError:
                outcomes = {uid: Removal.CANNOT}
        assert outcomes[uid] is not Removal.REMOVED
        assert [len(held) for held in account.listing().values()] == [1]
        said = account.line.said("to server")
        assert not [line for line in said.split(b"\r\n") if b"EXPUNGE" in line.split(b'"')[0]]


def cut(account: Account, uids: list[int], way: Direction, action: Action, place: int) -> bool:
    """Remove over a line that is cut before its line `place` in that direction; tells whether it was cut at all."""
    numbering = account.numbering()
    rule = Rule(way, action, line=rb"\n", skip=place)
    rules = list(account.provider.rules)
    account.line.behave()
    account.line.add(rule, *rules)
    try:
        with account.opened() as box:
            mailbox.remove(box, account.provider.sent, numbering, dict.fromkeys(uids, OURS), account.provider.trash)
    except NotReachable:
        assert rule.acted
    finally:
        account.line.behave()
        account.line.add(*rules)
    return rule.acted > 0


def unsound(account: Account, way: Direction, action: Action, step: int) -> tuple[list[int], int]:
    """Give the places of a cut after which a new run leaves one of ours or touched another, and how many were tried."""
    for data, flags in decoys().values():
        account.put(data, flags=flags)
        account.put(data, account.provider.trash, flags)
    before = account.listing()
    found: list[int] = []
    for place in range(0, 1000, step):
        uids = [account.put(letter()) for _ in range(3)]
        if not cut(account, uids, way, action, place):
            return found, place // step
        outcomes = account.remove(dict.fromkeys(uids, OURS))
        if account.holds(letter()) or account.listing() != before or set(outcomes.values()) - DONE:
            found.append(place)
    raise AssertionError("it was cut for ever")


DONE = {Removal.REMOVED, Removal.ABSENT}


@on("account", ["full", "gmail"], indirect=True)
@on("way", ["to server", "to client"])
def test_after_a_cut_at_any_line_a_new_run_finishes_and_touches_no_other(account: Account, way: Direction) -> None:
    found, tried = unsound(account, way, "close", 3)
    assert (found, tried > 3) == ([], True)


@pytest.mark.long
@on("account", ["full", "without MOVE", "gmail", "gmail to the trash", "gmail by itself"], indirect=True)
@on("way", ["to server", "to client"])
@on("action", ["close", "reset"])
def test_after_a_cut_at_every_line_a_new_run_finishes_and_touches_no_other(
    account: Account, way: Direction, action: Action
) -> None:
    found, tried = unsound(account, way, action, 1)
    assert (found, tried >= 10) == ([], True)


def test_what_was_marked_when_the_line_broke_is_still_compared_before_it_goes(account: Account) -> None:
    uid = account.put(letter())
    account.line.add(Rule("to server", "close", line=rb"UID EXPUNGE"))
    with pytest.raises(NotReachable):
        account.remove({uid: OURS})
    ((_, flags),) = account.listing()["Sent"].values()
    assert flags == {b"\\Seen", b"\\Deleted"}
    assert account.remove({uid: ANOTHER}) == {uid: Removal.FOREIGN}
    assert account.remove({uid: OURS}) == {uid: Removal.REMOVED}


def test_each_batch_is_told_before_the_next_begins(account: Account) -> None:
    with account.person() as client:
        client.multiappend("Sent", [letter(text=str(at)) for at in range(501)])
    with account.opened() as box:
        told = removals(box, "Sent", account.numbering(), dict.fromkeys(range(1, 502), OURS), "Trash")
        for gone in (500, 501):
            assert set(next(told).values()) == {Removal.REMOVED}
            assert sum(map(len, account.listing().values())) == 501 - gone


@pytest.mark.long
@pytest.mark.timeout(600)
@on("account", ["full", "without MOVE", "exchange", "gmail"], indirect=True)
def test_of_twenty_thousand_mails_half_goes_and_no_decoy_is_touched(account: Account) -> None:
    kinds = list(decoys().values())
    made: list[tuple[bytes, tuple[bytes, ...]]] = [(letter(f"token{at:09}"), ()) for at in range(19_000)]
    made += [kinds[at % len(kinds)] for at in range(1000)]
    random.Random(4).shuffle(made)
    uids = range(1, len(made) + 1)
    with account.person() as client:
        for data, flags in made:
            client.append(account.provider.sent, data, flags)
    before = account.listing()[account.provider.sent]
    tokens = {uid: data.partition(b"token")[2][:9].decode() for uid, (data, _) in zip(uids, made, strict=True)}
    ours = {uid: Expected(MESSAGE_ID, f"token{token}") for uid, token in tokens.items() if token.isdigit()}
    named = {uid: expected for uid, expected in ours.items() if int(expected.token[5:]) % 2}  # type: ignore[index]
    wrong = {uid: OURS for uid in uids if uid not in ours}
    outcomes = account.remove(named | wrong)
    assert outcomes == dict.fromkeys(named, Removal.REMOVED) | dict.fromkeys(wrong, Removal.FOREIGN)
    left = {uid: one for uid, one in before.items() if uid not in named}
    assert account.listing() == {account.provider.sent: left}
