"""The end of a crash on the road in against an undisturbed run, to the letter: what is wrong, as a list of sentences.

`violations` judges a practice on which a plain run has ended; `false_acknowledgements` one in whatever state a fault
left it: what the program acknowledged there must be on disk and true (P1, P2, P6, P9).
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from pipeline import tokens
from tests.crash import verdict
from tests.crash.incoming_scene import Arrived, Place

FILED, SHOWN = "filed", "shown to the coach"
OUTCOMES = (FILED, SHOWN, verdict.ARRIVED, verdict.NEVER_LEFT)
Rows = list[tuple[object, ...]]
# All but times, and what depends on how often something was tried.
TABLES = {
    "mails": "number, seal, file, state, nature, standing, rule, dossier, party, mark, move",
    "returns": "number, mail, dossier, kind, version, verdict, reasons, findings, files, picture, state",
    "consents": "number, dossier, purpose, given, document, text_seal, way, mail",
    "attention": "number, what, dossier, mail, return, reasons, state, decision",
    "arrivals": "folder, mail, reason",
    "obligations": "dossier, kind, version, party, state, reminders, quiet",
    "messages": "token, party, kinds, recipient, purpose, round, bounced",
}
OF_ONE_MAIL = ("returns", "consents", "attention")
# How often these happen depends on the crash; each is judged by the state of its mail.
SENDING = {"message.data_sent", "message.accepted", "message.in_doubt", "message.queued"}


@dataclass(frozen=True)
class Ending:
    """What a run left: its rows, what its ledger says happened, and its files by name."""

    rows: dict[str, Rows]
    events: Counter[str]
    files: dict[str, str]


def ending(scene: Arrived) -> Ending:
    """Give how it stands in a practice, without anything that two undisturbed runs may differ in."""
    rows = {
        table: scene.world.rows(f"SELECT {columns} FROM {table} ORDER BY {columns}")
        for table, columns in TABLES.items()
    }
    events = Counter(_bare(entry) for entry in _entries(scene) if entry["event"] not in SENDING)
    return Ending(rows, events, _files(scene))


def outcome(scene: Arrived) -> str:
    """Say how it ended: all filed, the papers shown because they could not be read, or a copy in doubt."""
    doubts = scene.world.rows("SELECT token, recipient FROM messages WHERE state = 'in_doubt'")
    if any("reading_failed" in str(reasons) for (reasons,) in scene.world.rows("SELECT reasons FROM attention")):
        return SHOWN
    if not doubts:
        return FILED
    return verdict.ARRIVED if _arrived(scene, *doubts[0]) else verdict.NEVER_LEFT


def violations(scene: Arrived, expected: Ending, mailbox: list[Place]) -> list[str]:
    """Give what differs from an undisturbed run, apart from copies that are shown as in doubt."""
    wrong = _not_shown(scene, expected) if outcome(scene) == SHOWN else _differences(ending(scene), expected)
    wrong += [] if scene.mailbox == mailbox else ["the mailbox was changed"]
    return [*wrong, *_copies(scene), *_whole(scene), *_third_run(scene)]


def untidied(scene: Arrived, expected: Ending, mailbox: list[Place]) -> list[str]:
    """Give what differs where rules mark and move: each mail is where it would be, once, and as it would be marked.

    The numbers of mails, and where a moved one is noted, depend on the crash.
    """
    wrong = [one for one in _differences(ending(scene), expected) if not one.startswith("table arrivals")]
    there, due = (sorted((folder, *rest) for folder, _, *rest in places) for places in (scene.mailbox, mailbox))
    return [*wrong, *([] if there == due else ["the mailbox is not as the rules ask"]), *_whole(scene)]


def false_acknowledgements(scene: Arrived, expected: Ending) -> list[str]:
    """Give what the program acknowledged although it is not on disk, or denies although it happened."""
    return [
        *_kept(scene), *_passed_over(scene, expected), *_understood(scene, expected), *_copies(scene, ended=False),
        *_whole(scene),
    ]  # fmt: skip


def _differences(found: Ending, expected: Ending) -> list[str]:
    events = sorted({*found.events, *expected.events})
    return [
        *_unequal("table {}", found.rows, expected.rows),
        *_unequal(
            "the ledger's {}",
            {one: found.events[one] for one in events},
            {one: expected.events[one] for one in events},
        ),
        *_unequal("storage/{}", found.files, expected.files),
    ]


def _unequal(named: str, found: Mapping[str, object], expected: Mapping[str, object]) -> list[str]:
    return [
        f"{named.format(name)} is {found.get(name)} instead of {expected.get(name)}"
        for name in sorted({*found, *expected})
        if found.get(name) != expected.get(name)
    ]


def _not_shown(scene: Arrived, expected: Ending) -> list[str]:
    """A reader that was killed costs its answer only: each mail is kept, and each paper lies before the coach."""
    now = ending(scene)
    kept = [[row[:3] for row in rows] for rows in (now.rows["mails"], expected.rows["mails"])]
    wrong = [] if kept[0] == kept[1] else [f"mails: {now.rows['mails']}"]
    wrong += [f"mail {row[0]} is {row[3]}" for row in now.rows["mails"] if row[3] not in {"filed", "waiting"}]
    unread = {row[0] for row in scene.world.rows("SELECT mail FROM attention WHERE what = 'papers' AND state = 'open'")}
    read = {row[1:5] for row in now.rows["returns"]}
    for row in expected.rows["returns"]:
        if row[1:5] not in read and row[1] not in unread:
            wrong.append(f"the {row[3]} of mail {row[1]} was neither read nor shown")
    lost = {name for name in expected.files if name.startswith("mail/")} - {*now.files}
    return wrong + [f"storage/{name} is missing" for name in sorted(lost)]


def _copies(scene: Arrived, *, ended: bool = True) -> list[str]:
    """A copy that is accepted arrived once; one in doubt at most once; its frozen bytes are those of its row."""
    wrong = []
    accepted = Counter(entry["token"] for entry in _entries(scene) if entry["event"] == "message.accepted")
    for token, recipient, state, sha in scene.world.rows("SELECT token, recipient, state, sha256 FROM messages"):
        count = len(_arrived(scene, token, recipient))
        if ended and state not in {"accepted", "in_doubt"}:
            wrong.append(f"a mail ended as {state}")
        allowed = {"accepted": {1}, "in_doubt": {0, 1}, "data_sent": {0, 1}}.get(str(state), {0})
        if count not in allowed:
            wrong.append(f"{recipient} has {count} mails, and one counts as {state}")
        if accepted[str(token)] != (state == "accepted"):
            wrong.append(f"the ledger says {accepted[str(token)]} times that a mail was accepted which is {state}")
        if _hash(scene, f"outbox/{token}.eml") != sha:
            wrong.append(f"storage/outbox/{token}.eml is not what its row names")
    sealed = {e["document"]: e["seal"] for e in _entries(scene) if e["event"] == "document.countersigned"}
    reference = scene.road.reference
    return wrong + [
        f"{name} is not what the ledger names" for name, seal in sealed.items()
        if _seal(scene, _hash(scene, f"dossiers/{reference}/{name}")) != seal
    ]  # fmt: skip


def _kept(scene: Arrived) -> list[str]:
    """Each mail that counts as kept is on disk as the server has it, and the ledger has it once."""
    there = {_seal(scene, hashlib.sha256(raw).hexdigest()) for *_, raw in scene.mailbox}
    rows = scene.world.rows("SELECT seal, file FROM mails")
    wrong = [
        f"{file} is not the mail that its row names" for seal, file in rows
        if seal not in there or _seal(scene, _hash(scene, str(file))) != seal
    ]  # fmt: skip
    stored = Counter(entry["seal"] for entry in _entries(scene) if entry["event"] == "mail.stored")
    same = stored == Counter(str(seal) for seal, _ in rows)
    return wrong if same else [*wrong, f"the ledger has stored {stored}, and the mails are {rows}"]


def _passed_over(scene: Arrived, expected: Ending) -> list[str]:
    """A folder's mark goes past no mail that matters without a note of where it lies."""
    matters = {row[1] for row in expected.rows["mails"]}
    marks = {row[0]: int(str(row[1])) for row in scene.world.rows("SELECT folder, next_uid FROM folders")}
    noted = set(scene.world.rows("SELECT folder, uid FROM arrivals"))
    return [
        f"{folder} was looked through beyond {uid}, which was not noted"
        for folder, uid, _, _, raw in scene.mailbox
        if _seal(scene, hashlib.sha256(raw).hexdigest()) in matters
        and uid < marks.get(folder, 0)
        and (folder, uid) not in noted
    ]


def _understood(scene: Arrived, expected: Ending) -> list[str]:
    """A mail that counts as understood has everything that it means; one that does not has nothing yet."""
    now, wrong = ending(scene), []
    states: dict[object, object] = {row[0]: row[3] for row in now.rows["mails"]}
    for table in OF_ONE_MAIL:
        at = [name.strip() for name in TABLES[table].split(",")].index("mail")
        for number, state in states.items():
            here, there = ([row for row in rows[table] if row[at] == number] for rows in (now.rows, expected.rows))
            if here != ([] if state == "stored" else there):
                wrong.append(f"mail {number} is {state} with {table} {here}")
    named = [name for row in now.rows["returns"] for name in [*json.loads(str(row[8])), row[9]] if name]
    return wrong + [
        f"{name} is not what came" for name in named if now.files.get(str(name)) != expected.files[str(name)]
    ]


def _whole(scene: Arrived) -> list[str]:
    return [] if scene.road.whole() else ["the ledger is broken"]


def _third_run(scene: Arrived) -> list[str]:
    """Another run tells nothing, writes no row and sends nothing."""
    before = _footprint(scene)
    with verdict.ONE_AT_A_TIME:
        told = scene.world.work()
    wrong = [f"another run is not quiet: {line}" for line in told]
    return wrong + ([] if _footprint(scene) == before else ["another run changed rows, or sent mail"])


def _footprint(scene: Arrived) -> tuple[object, ...]:
    tables = (*TABLES, "folders", "ledger", "documents", "requests")
    rows = [scene.world.rows(f"SELECT * FROM {table}") for table in tables]
    people = [row[0] for row in scene.world.rows("SELECT DISTINCT recipient FROM messages")]
    return rows, [len(scene.road.server.messages(str(one))) for one in people], _files(scene)


def _arrived(scene: Arrived, token: object, recipient: object) -> list[bytes]:
    """Give the mails that somebody received under this token."""
    own = f"\r\nMessage-ID: <{token}@".encode()
    return [mail for mail in scene.road.server.messages(str(recipient)) if own in mail]


def _entries(scene: Arrived) -> list[dict[str, str]]:
    return [json.loads(str(entry)) for (entry,) in scene.world.rows("SELECT entry FROM ledger ORDER BY number")]


def _bare(entry: dict[str, str]) -> str:
    """Give an entry without its time; of a print not which bytes it has."""
    lacking = {"at", "seal"} if entry["event"] == "document.countersigned" else {"at"}
    return json.dumps({key: value for key, value in entry.items() if key not in lacking}, sort_keys=True)


def _files(scene: Arrived) -> dict[str, str]:
    """Give every file in the storage with its hash; what may be printed anew by name: a row or entry seals it."""
    storage = scene.world.folder / "storage"
    names = sorted(str(path.relative_to(storage)) for path in storage.rglob("*") if path.is_file())
    printed = ("-countersigned.pdf", ".eml")
    return {
        name: "there" if name.endswith(printed) and not name.startswith("mail/") else _hash(scene, name)
        for name in names
        if not name.startswith(("state.db", "lock"))
    }


def _hash(scene: Arrived, name: str) -> str:
    path = scene.world.folder / "storage" / name
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "missing"


def _seal(scene: Arrived, sha256: str) -> str:
    ((key,),) = scene.world.rows("SELECT value FROM settings WHERE name = 'key'")
    return tokens.seal(bytes.fromhex(str(key)), sha256)
