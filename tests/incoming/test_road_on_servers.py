"""Whatever the provider: papers go out, come back, are booked and countersigned, and the mailbox is left alone."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest

from pipeline import attention, worker
from pipeline.demo import people
from pipeline.incoming import tidying
from pipeline.practice import Practice
from tests.incoming.road import NOTES, STRANGER, letter
from tests.incoming.servers import GONE, KINDS, STEPS, WITHOUT_IDLE, Served, Servers, served
from tests.mailstack.fixtures import needs_servers
from tests.outgoing.prepared import eventually
from tests.world import CLIENT, COACH, SPONSOR

pytestmark = [needs_servers, pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")]

WORK = "Cliënten"
RULES = """
rules:
  - name: Antwoorden
    when: {reply_to_us: yes}
    then: file_correspondence
    mark: flagged
    move: %s
"""
QUESTION = "Nog een vraag: wanneer beginnen we?"


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Servers of every kind, each started when it is first asked for."""
    with ExitStack() as running:
        yield Servers(tmp_path_factory.mktemp("composed"), running)


@pytest.fixture
def road(servers: Servers, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Served]:
    """A practice on a server of the kind that is asked for, that waits for its papers."""
    with served(servers, KINDS[request.param], tmp_path) as made:
        yield made


def on_every_server(*ordinary: str) -> pytest.MarkDecorator:
    """Try it on every server in the long run, and in the ordinary one on those where it goes another way."""
    kinds = [name if name in ordinary else pytest.param(name, marks=pytest.mark.long) for name in KINDS]
    return pytest.mark.parametrize("road", kinds, indirect=True)


def words(road: Served) -> EmailMessage:
    """Give an answer without papers."""
    return road.answer(CLIENT, "Ik kijk er dit weekend naar. Groet, Sanne")


def pending(road: Served) -> list[tuple[object, ...]]:
    """Give what was found and could not be fetched."""
    return [one for one in road.found() if one[1] is None]


@on_every_server("renumbered after the look")
def test_papers_come_back_and_are_booked_and_countersigned_once_and_the_mailbox_is_as_it_was(road: Served) -> None:
    road.post(road.answer(SPONSOR, "Akkoord.", road.signed(SPONSOR, 1)), SPONSOR)
    road.post(road.answer(CLIENT, "Getekend.", road.signed(CLIENT, 2)), CLIENT)
    road.kept = road.listing()
    road.work()
    assert sorted(road.verdicts()) == [("consent", 1, "signed", "proposed"), ("quote", 1, "signed", "proposed")]
    for one in road.waiting():
        road.decide(attention.accept, one.number)
    road.work()
    road.work()
    assert road.owed() == {"quote": "fulfilled", "consent": "fulfilled"}
    for address, number in ((SPONSOR, "-1-"), (CLIENT, "-2-")):
        papers, copy = map(people.attachments, road.server.wait_for(address, 2))
        assert [number in name for name in copy] == [True] and papers.keys() != copy.keys()
    assert len(road.server.wait_for(NOTES, 1)) == 1
    copies = 5 if road.kind.files_sent else 4  # we file none of our own note
    assert len(road.server.wait_for(COACH, copies, road.kind.sent)) == copies
    assert road.world.states() == ["accepted"] * 5 and road.mails() == ["filed", "filed"]
    assert road.waits() == [] and road.whole() and road.changed() == []


@on_every_server("generic", "gmail", "without SPECIAL-USE")
def test_what_the_coach_moves_on_her_phone_before_or_after_it_is_found_is_filed_once_from_where_it_lies(
    road: Served,
) -> None:
    road.post(words(road))
    road.moves_by_hand(WORK)
    road.post(road.answer(CLIENT, QUESTION))
    road.after["look"] = lambda: road.moves_by_hand(WORK)
    road.work()
    road.kept = road.listing()
    road.work()
    assert (road.mails(), road.waits(), pending(road), road.changed()) == (["filed", "filed"], [], [], [])
    assert len(road.server.messages(COACH, WORK)) == 2


@on_every_server("gmail", "renumbered after the look")
def test_what_the_coach_deletes_before_it_is_fetched_is_no_trouble(road: Served) -> None:
    def deletes() -> None:
        road.moves_by_hand(road.kind.trash, slice(1))
        road.removes_by_hand()

    road.post(words(road))
    road.post(road.answer(CLIENT, QUESTION))
    road.after["look"] = deletes
    told = road.work()
    # What is removed from a folder of Gmail stays in its folder of all mail, and is an answer there.
    kept = ["filed"] if road.kind.all_mail else []
    assert (road.mails(), road.waits(), pending(road)) == (kept, [], [])
    assert told == [f"{road.reference} mail filed"] * len(kept)


@on_every_server("generic", "without SPECIAL-USE")
def test_a_mail_that_was_read_and_flagged_is_filed_as_an_unread_one_is_and_stays_so(road: Served) -> None:
    road.post(words(road))
    with road.phone() as client:
        client.add_flags(client.search("ALL"), [b"\\Seen", b"\\Flagged", b"later"])
    road.post(road.answer(CLIENT, QUESTION))  # nobody has opened the folder since: it is recent, and stays so
    road.kept = road.listing()
    road.work()
    assert (road.mails(), road.changed()) == (["filed", "filed"], [])


@on_every_server("generic", "without UIDPLUS", "without MOVE", "gmail")
def test_rules_flag_and_move_where_the_server_can_and_else_nothing_is_copied_and_the_coach_is_told(
    road: Served,
) -> None:
    (road.world.folder / "inbox_rules.yaml").write_text(RULES % WORK, "utf-8")
    road.post(letter(STRANGER, "Lunch", "Zullen we?"))
    with road.phone() as client:
        client.create_folder(WORK)
        client.delete_messages(client.search("ALL"))  # marked only: it is not ours to expunge
    road.post(words(road))
    _, raw = road.server.messages(COACH)
    road.work()
    there = (["filed"], [] if road.kind.moves else ["tidy"])
    assert (road.mails(), road.waits()) == there
    assert [raw in road.server.messages(COACH, name) for name in ("INBOX", WORK)] == [
        not road.kind.moves, road.kind.moves,
    ]  # fmt: skip
    assert len(road.server.messages(COACH)) + len(road.server.messages(COACH, WORK)) == 2
    with road.phone(WORK if road.kind.moves else "INBOX") as client:
        assert len(client.search(["FLAGGED", "UNSEEN", "UNDELETED"])) == 1
    road.kept = road.listing()
    road.work()
    assert ((road.mails(), road.waits()), road.changed()) == (there, [])


@pytest.mark.parametrize("road", ["generic", "gmail", "without MOVE"], indirect=True)
def test_a_rule_that_moves_to_a_folder_that_is_not_there_leaves_the_mail_and_tells_the_coach(road: Served) -> None:
    (road.world.folder / "inbox_rules.yaml").write_text(RULES % "Nergens", "utf-8")
    road.post(words(road))
    road.work()
    assert road.waits() == ["tidy"] and len(road.server.messages(COACH)) == 1
    assert road.mails() == ["filed"]


@pytest.mark.parametrize("road", ["generic"], indirect=True)
def test_a_mail_that_is_numbered_anew_before_it_is_marked_is_marked_later_or_the_coach_is_told(road: Served) -> None:
    (road.world.folder / "inbox_rules.yaml").write_text(RULES % WORK, "utf-8")
    with road.phone() as client:
        client.create_folder(WORK)
    road.post(words(road))
    with road.world.opened() as practice:
        for step in STEPS.values():
            step(practice, worker.utc_now(), road.told.append)
        road.renumber()
        tidying.tidy(practice, worker.utc_now(), road.told.append)
    road.work(lambda: worker.utc_now() + timedelta(minutes=6))
    assert road.waits() == ["tidy"] or len(road.server.messages(COACH, WORK)) == 1


@pytest.mark.parametrize("road", ["without MOVE"], indirect=True)
def test_the_log_does_not_say_that_a_mail_was_moved_that_was_not(road: Served) -> None:
    (road.world.folder / "inbox_rules.yaml").write_text((RULES % WORK).replace("    mark: flagged\n", ""), "utf-8")
    road.post(words(road))
    told = road.work()
    assert road.waits() == ["tidy"] and "1 mail marked or moved, as the rules ask" not in told


@on_every_server("gmail", "renumbered after the look")
def test_the_same_answer_in_two_folders_is_one_mail(road: Served) -> None:
    road.post(words(road))
    with road.phone() as client:
        client.create_folder(WORK)
        client.copy(client.search("ALL"), WORK)
    road.work()
    road.work()
    assert len({folder for folder, _ in road.found()}) == 2
    assert ({mail for _, mail in road.found()}, road.mails()) == ({1}, ["filed"])


@pytest.mark.parametrize("road", [pytest.param("generic", marks=pytest.mark.long), "gmail"], indirect=True)
def test_the_same_papers_in_two_folders_are_one_return(road: Served) -> None:
    road.post(road.answer(SPONSOR, "Akkoord.", road.signed(SPONSOR, 1)))
    with road.phone() as client:
        client.create_folder(WORK)
        client.copy(client.search("ALL"), WORK)
    road.work()
    assert road.verdicts() == [("quote", 1, "signed", "proposed")] and road.waits() == ["return"]
    assert {mail for _, mail in road.found()} == {1}


def test_a_mail_that_cannot_be_delivered_comes_back_is_shown_and_its_reader_is_not_reminded(
    servers: Servers, tmp_path: Path
) -> None:
    with served(servers, KINDS["postfix"], tmp_path, GONE) as road:
        road.server.wait_for(COACH, 1)
        road.kept = road.listing()
        road.work()
        assert road.waits() == ["bounce"] and road.mails() == ["filed"]
        of_client, of_sponsor = road.world.rows("SELECT bounced FROM messages ORDER BY party")
        assert of_sponsor == (None,) and GONE in str(of_client)
        assert GONE in " ".join(road.waiting()[0].reasons)
        assert road.world.rows("SELECT quiet FROM obligations ORDER BY party") == [("bounce",), (None,)]
        road.work(lambda: worker.utc_now() + timedelta(days=15))
        assert road.world.rows("SELECT DISTINCT party FROM messages WHERE purpose = 'reminder'") == [("sponsor",)]
        assert set(road.waits()) == {"bounce", "attest"} and road.changed() == []  # what she states yearly was due too


@contextmanager
def looping(road: Served) -> Iterator[None]:
    """Let the program run as it does all day."""
    wake, opened = threading.Event(), queue.Queue[Practice]()

    def loop() -> None:
        with road.world.opened() as practice:
            opened.put(practice)
            worker.Worker(practice, tell=road.told.append).loop(wake)

    thread = threading.Thread(target=loop)
    thread.start()
    try:
        practice = opened.get(timeout=30)
        yield
    finally:
        practice.stopping.set()
        wake.set()
        thread.join(60)
    assert not thread.is_alive()


WATCHED = {name: kind for name, kind in KINDS.items() if not kind.renumbers} | {"without IDLE": WITHOUT_IDLE}
SELDOM = WATCHED.keys() - {"generic", "gmail", "without IDLE"}


@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.long] * (name in SELDOM)) for name in WATCHED])
def test_an_answer_is_seen_at_once_where_the_server_says_that_it_came_and_else_at_the_next_look(
    servers: Servers, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = WATCHED[name]
    if not kind.idles:
        monkeypatch.setattr(worker, "POLL_INBOX", timedelta(seconds=1))
    with served(servers, kind, tmp_path) as road, looping(road):
        for count, text in enumerate(("Dank je wel!", QUESTION), start=1):
            road.post(road.answer(CLIENT, text))
            eventually(lambda: road.mails() == ["filed"] * count, seconds=30)  # noqa: B023 - waited for within the turn
