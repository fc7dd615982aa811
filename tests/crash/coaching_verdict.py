"""The end of a crash in the course of a coaching against an undisturbed run: what is wrong, as a list of sentences.

`untruths` judges a practice in whatever state a fault left it: nothing lost, nothing twice, nothing to the wrong
person, no gap in the books (P1, P2, P3, P9). `violations` judges one on which a plain run has ended: the coach says
what became of each mail in doubt, and then all has come to the same end as without a fault.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from pipeline import attention, tokens
from pipeline.demo import people
from pipeline.outgoing.sending import outbox
from pipeline.worker import utc_now
from tests.crash import verdict
from tests.crash.coaching_scene import OTHER, Busy
from tests.outgoing.prepared import lines
from tests.world import CLIENT, SPONSOR

Rows = list[tuple[object, ...]]
# All but times, and what depends on the bytes of a print or on how often something was tried.
TABLES = {
    "documents": "dossier, kind, version, file, state, source, dropped",
    "messages": "token, dossier, party, kinds, recipient, purpose, round, state, bounced",
    "obligations": "dossier, kind, version, party, state, reminders, quiet",
    "approvals": "dossier, document, recipient, purpose, given, way",
    "attention": "what, dossier, token, reasons, state, decision",
    "invoices": "number, dossier, version, part, credits, rest, file, json_remove(statutory, '$.issued', '$.due')",
    "numbers": "series, last",
    "events": "dossier, event",
    "closings": "dossier",
    "mails": "number, seal, file, state, nature, standing, rule, dossier, party",
    "purges": "token, mail, state, grade",
    "erasures": "dossier, category, part, state",
}
# How often these happen depends on the crash; each is judged by the state of its mail.
SENDING = {"message.data_sent", "message.accepted", "message.in_doubt", "message.queued"}
MAY_HAVE_ARRIVED = {"accepted": {1}, "in_doubt": {0, 1}, "data_sent": {0, 1}}


@dataclass(frozen=True)
class Ending:
    """What a run left: its rows, what its ledger says happened, and the names of its files."""

    rows: dict[str, Rows]
    events: Counter[str]
    files: frozenset[str]


def ending(scene: Busy) -> Ending:
    """Give how it stands in a practice, without anything that two undisturbed runs may differ in."""
    rows = {
        table: scene.world.rows(f"SELECT {columns} FROM {table} ORDER BY {columns}")
        for table, columns in TABLES.items()
    }
    events = Counter(_bare(entry) for entry in _entries(scene) if entry["event"] not in SENDING)
    paths = (path.relative_to(scene.storage) for path in scene.storage.rglob("*") if path.is_file())
    return Ending(
        rows, events, frozenset(str(path) for path in paths if not path.name.startswith(("state.db", "lock")))
    )


def outcome(scene: Busy) -> str:
    """Say how the sends ended: all accepted once, or the first doubt."""
    doubts = scene.world.rows("SELECT token, recipient FROM messages WHERE state = 'in_doubt'")
    if not doubts:
        return verdict.ONCE
    return verdict.ARRIVED if _arrived(scene, *doubts[0]) else verdict.NEVER_LEFT


def violations(scene: Busy, expected: Ending) -> list[str]:
    """Give what differs from an undisturbed run once the coach has said what became of the mails in doubt.

    It works in this process, so only one at a time may be judged.
    """
    doubts = scene.world.rows("SELECT token, recipient, dossier FROM messages WHERE state = 'in_doubt'")
    shown = [line for line in lines(scene.world, utc_now) if line.attention and line.state == "in_doubt"]
    wrong = [*untruths(scene), *_left_over(scene)]
    wrong += [] if len(shown) == len(doubts) else [f"{len(doubts)} mails are in doubt, {len(shown)} are shown"]
    _settle(scene, doubts)
    wrong += [*differences(ending(scene), expected), *_each_once(scene), *_profile_waits(scene)]
    return [*wrong, *_profile_goes(scene), *untruths(scene), *quiet(scene)]


def untruths(scene: Busy) -> list[str]:
    """Give what is lost, double, misdirected or falsely said, at any moment."""
    if not scene.world.rows("SELECT 1 FROM sqlite_master WHERE name = 'invoices'"):
        return ["the practice has lost its books"]
    return [
        *_lost(scene), *_unlike_their_rows(scene), *_books(scene), *_sends(scene), *_misdirected(scene),
        *([] if scene.road.whole() else ["the ledger is broken"]),
    ]  # fmt: skip


def differences(found: Ending, expected: Ending) -> list[str]:
    """Give how two ends differ."""
    wrong = [
        f"table {table}: {_only(rows, expected.rows[table])} instead of {_only(expected.rows[table], rows)}"
        for table, rows in found.rows.items() if rows != expected.rows[table]
    ]  # fmt: skip
    events = {one for one in {*found.events, *expected.events} if found.events[one] != expected.events[one]}
    wrong += [f"the ledger has {found.events[one]} times {one}" for one in sorted(events)]
    wrong += [f"storage/{name} is missing" for name in sorted(expected.files - found.files)]
    return wrong + [f"storage/{name} was left behind" for name in sorted(found.files - expected.files)]


def _only(rows: Rows, others: Rows) -> list[tuple[object, ...]]:
    return list((Counter(rows) - Counter(others)).elements())


def _lost(scene: Busy) -> Iterator[str]:
    """What was dropped lies in its drop folder still, or is a document (and its source) in the dossier, once."""
    lying = {_hash(path.read_bytes()) for path in (scene.world.folder / "drop").rglob("*") if path.is_file()}
    for file in scene.dropped:
        rows = scene.world.rows("SELECT dossier, file, source FROM documents WHERE dropped = ?", file.sha256)
        if len(rows) > 1:
            yield f"{file.within}/{file.name} became {len(rows)} documents"
        if not rows and file.sha256 not in lying:
            yield f"{file.within}/{file.name} is neither in the drop folder nor in the dossier"
        for dossier, _, source in rows:
            if source and _at(scene, f"dossiers/{dossier}/{source}") != file.sha256:
                yield f"the dossier does not hold {file.within}/{file.name} as it was dropped"


def _left_over(scene: Busy) -> list[str]:
    left = (path for path in (scene.world.folder / "drop").rglob("*") if path.is_file())
    return [f"{path.name} lies in {path.parent.name}" for path in left]


def _unlike_their_rows(scene: Busy) -> Iterator[str]:
    """Each document that is not erased has the bytes that its row names."""
    for dossier, file, sha in scene.world.rows("SELECT dossier, file, sha256 FROM documents WHERE sha256 <> ''"):
        if _at(scene, f"dossiers/{dossier}/{file}") != sha:
            yield f"{file} is not what its row names"


def _books(scene: Busy) -> Iterator[str]:
    """The numbers have no gap, the series says the last one, and each invoice is there as PDF and for bookkeeping."""
    found = scene.world.rows("SELECT number, file, sha256, books FROM invoices ORDER BY number")
    counts = [int(str(number).rpartition("-")[2]) for number, *_ in found]
    last = scene.world.rows("SELECT last FROM numbers WHERE series LIKE 'invoice-%'")
    if counts != list(range(1, len(found) + 1)) or last != [(len(found),)][: len(found)]:
        yield f"the invoices are numbered {counts}, and the last number is {last}"
    for number, file, sha, books in found:
        if _at(scene, str(file)) != sha or _at(scene, str(books)) == "missing":
            yield f"invoice {number} is not in the dossier as the books name it"


def _sends(scene: Busy) -> Iterator[str]:
    """A mail that is accepted arrived once, one in doubt at most once, another not; and the ledger says the same."""
    accepted = Counter(entry["token"] for entry in _entries(scene) if entry["event"] == "message.accepted")
    rows = scene.world.rows("SELECT token, recipient, state FROM messages")
    for token, recipient, state in rows:
        count = len(_arrived(scene, token, recipient))
        if count not in MAY_HAVE_ARRIVED.get(str(state), {0}):
            yield f"{recipient} has {count} mails, and one counts as {state}"
        if accepted[str(token)] != (state == "accepted"):
            yield f"the ledger says {accepted[str(token)]} times that a mail was accepted which is {state}"
    ours = sum(len(_arrived(scene, token, recipient)) for token, recipient, _ in rows)
    if ours != sum(map(len, scene.received().values())):
        yield "somebody received a mail that no row names"


def _misdirected(scene: Busy) -> Iterator[str]:
    """Profiles reach their own client, the report who pays as she approved it, invoices only as the books have them."""
    billed = {str(sha) for (sha,) in scene.world.rows("SELECT sha256 FROM invoices")}
    rows = scene.world.rows("SELECT dossier, sha256 FROM documents WHERE kind = 'profile'")
    profiles: dict[object, object] = {dossier: sha for dossier, sha in rows}  # noqa: C416 - `dict` wants pairs
    owners = {CLIENT: profiles.get(scene.first), OTHER: profiles.get(scene.second)}
    approved = {document for (document,) in scene.world.rows("SELECT document FROM approvals WHERE given")}
    for address, mails in scene.received().items():
        for name, data in (item for mail in mails for item in people.attachments(mail).items()):
            if "-3-v" in name and (_hash(data) != owners.get(address) or (address == OTHER and not _agreed(scene))):
                yield f"{address} has a profile that is not hers, or that the coach did not let go"
            if "-4-v" in name and address == SPONSOR and _seal(scene, _hash(data)) not in approved:
                yield "the sponsor has a report that was not approved"
            if "-5-v" in name and _hash(data) not in billed:
                yield f"{address} has an invoice that is not in the books"


def _agreed(scene: Busy) -> bool:
    """Tell whether the coach has let the second profile go."""
    asked = scene.world.rows("SELECT decision FROM attention WHERE dossier = ? AND token <> ''", scene.second)
    return asked == [("accepted",)]


def _each_once(scene: Busy) -> Iterator[str]:
    """After the coach's word every mail but the one that is held was accepted."""
    for token, recipient, state in scene.world.rows("SELECT token, recipient, state FROM messages"):
        count = len(_arrived(scene, token, recipient))
        if (state, count) not in {("accepted", 1), ("held", 0)}:
            yield f"after the coach's word {recipient} has {count} mails, and one is {state}"


def _settle(scene: Busy, doubts: Rows) -> None:
    """Let the coach say the truth of each mail in doubt, and work."""
    with scene.world.opened() as practice:
        for token, to, dossier in doubts:
            arrived = bool(_arrived(scene, token, to))
            outbox.settle(practice, str(dossier), utc_now(), arrived=arrived, token=str(token))
    if doubts:
        scene.world.work()


def _profile_waits(scene: Busy) -> list[str]:
    """Only the second profile waits for the coach, once."""
    with scene.world.opened() as practice:
        asked = [(one.what, one.dossier) for one in attention.waiting(practice)]
    return [] if asked == [("addressee", scene.second)] else [f"the coach is asked {asked}"]


def _profile_goes(scene: Busy) -> list[str]:
    """When the coach agrees, it goes to its client, once."""
    with scene.world.opened() as practice:
        for one in attention.waiting(practice):
            attention.accept(practice, one.number, utc_now())
    scene.world.work()
    names = [name for mail in scene.received()[OTHER] for name in people.attachments(mail)]
    return [] if names.count(f"{scene.second}-3-v1.pdf") == 1 else [f"of the second profile {names} arrived"]


def quiet(scene: Busy) -> list[str]:
    """Another run tells nothing, writes no row and sends nothing."""
    before = _footprint(scene)
    wrong = [f"another run is not quiet: {line}" for line in scene.world.work()]
    return wrong + ([] if _footprint(scene) == before else ["another run changed rows, or sent mail"])


def _footprint(scene: Busy) -> tuple[object, ...]:
    rows = [scene.world.rows(f"SELECT * FROM {table}") for table in (*TABLES, "ledger", "requests", "arrivals")]
    return rows, scene.received()


def _arrived(scene: Busy, token: object, recipient: object) -> list[bytes]:
    """Give the mails that somebody received under this token."""
    own = f"\r\nMessage-ID: <{token}@".encode()
    return [mail for mail in scene.road.server.messages(str(recipient)) if own in mail]


def _entries(scene: Busy) -> list[dict[str, str]]:
    return [json.loads(str(entry)) for (entry,) in scene.world.rows("SELECT entry FROM ledger ORDER BY number")]


def _bare(entry: dict[str, str]) -> str:
    """Give an entry without its times, and without which bytes were printed."""
    return json.dumps({key: text for key, text in entry.items() if key not in {"at", "due", "seal"}}, sort_keys=True)


def _at(scene: Busy, name: str) -> str:
    path = scene.storage / name
    return _hash(path.read_bytes()) if path.is_file() else "missing"


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _seal(scene: Busy, sha256: str) -> str:
    ((key,),) = scene.world.rows("SELECT value FROM settings WHERE name = 'key'")
    return tokens.seal(bytes.fromhex(str(key)), sha256)
