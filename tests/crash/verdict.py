"""The end state against an undisturbed run: what is wrong with it, as a list of sentences (P1, P2, P9).

`violations` judges a practice on which a plain run has ended; `false_acknowledgements` one in whatever state a fault
left it: what the program acknowledged there must be durable and true.
"""

from __future__ import annotations

import hashlib
import io
import os
import threading
from collections import Counter
from contextlib import redirect_stdout
from pathlib import Path

from pipeline.cli import main
from tests.crash.scene import NAME, Scene

ONCE, ARRIVED, NEVER_LEFT = "sent once", "in doubt, arrived", "in doubt, not arrived"
ONE_AT_A_TIME = threading.Lock()
UNSENT = ("held", "queued", "claimed")


def outcome(scene: Scene) -> str:
    """Say how the sends ended: all accepted once, or the first doubt."""
    doubts = [str(row[0]) for row in scene.world.rows("SELECT recipient FROM messages WHERE state = 'in_doubt'")]
    return ONCE if not doubts else ARRIVED if scene.arrived(doubts[0]) else NEVER_LEFT


def violations(scene: Scene) -> list[str]:
    """Give what differs from an undisturbed run, apart from mails that are shown as in doubt."""
    wrong = [*_rows(scene), *_files(scene)]
    for recipient in scene.recipients:
        wrong += _mail(scene, recipient)
    return [*wrong, *_commands(scene), *_third_run(scene)]


def false_acknowledgements(scene: Scene) -> list[str]:
    """Give what the program acknowledged although it is not durable, or denies although it happened."""
    if not scene.world.rows("SELECT 1 FROM sqlite_master WHERE name = 'messages'"):
        empty = (scene.world.drop_folder / NAME).is_file() and not any(map(scene.arrived, scene.recipients))
        return [] if empty else ["without tables the file is gone or a mail was sent"]
    wrong = _documents(scene)
    lying = [path.name for path in scene.world.drop_folder.iterdir() if path.name.endswith(NAME)]
    if not lying and not scene.world.rows("SELECT 1 FROM requests"):
        wrong.append("the client file left the drop folder without a request")
    if not lying and _kept(scene) != [scene.dropped]:
        wrong.append("the client file left the drop folder and is not in the dossier")
    states = {row[0]: row[1] for row in scene.world.rows("SELECT recipient, state FROM messages")}
    for recipient in scene.recipients:
        count, state = len(scene.arrived(recipient)), states.get(recipient, "queued")
        if count and state in UNSENT:
            wrong.append(f"{recipient} has a mail that counts as {state}")
        if state == "accepted" and count != 1:
            wrong.append(f"{recipient} has {count} mails, and one counts as accepted")
    return wrong


def _rows(scene: Scene) -> list[str]:
    """One request, the first number and no gap, one row for each document and mail, one obligation a document."""
    expected: dict[str, list[tuple[object, ...]]] = {
        "SELECT revision, state FROM requests": [(1, "composed")],
        "SELECT last FROM numbers": [(1,)],
        "SELECT substr(quote_number, 6) FROM dossiers": [("0001",)],
        "SELECT kind, version FROM documents ORDER BY kind": [("consent", 1), ("quote", 1)],
        "SELECT recipient FROM messages ORDER BY rowid": [(one,) for one in scene.recipients],
    }
    wrong = [f"{sql}: {found}" for sql, rows in expected.items() if (found := scene.world.rows(sql)) != rows]
    events = Counter(row[0] for row in scene.world.rows("SELECT json_extract(entry, '$.event') FROM ledger"))
    states = [row[0] for row in scene.world.rows("SELECT state FROM messages")]
    once = {"dossier.opened": 1, "request.accepted": 1, "message.accepted": states.count("accepted")}
    wrong += [
        f"the ledger has {events[event]} times {event}" for event, count in once.items() if events[event] != count
    ]
    # What was printed is printed again after a failure, and the ledger says so each time.
    if events["document.written"] not in {2, 2 + 2 * events["request.failed"]}:
        wrong.append(f"the ledger has {events['document.written']} times document.written")
    wrong += [f"a mail ended as {state}" for state in states if state not in {"accepted", "in_doubt"}]
    return wrong


def _files(scene: Scene) -> list[str]:
    """The drop folder empty; in the storage exactly what belongs there, with the hashes of the rows."""
    wrong = [f"{path.name} lies in the drop folder" for path in scene.world.drop_folder.iterdir()]
    storage = scene.world.folder / "storage"
    here = {str(path.relative_to(storage)) for path in storage.rglob("*") if path.is_file()}
    dossiers = [row[0] for row in scene.world.rows("SELECT reference FROM dossiers")]
    expected = {
        f"dossiers/{one}/{one}-{rest}" for one in dossiers for rest in ("client-v1.yaml", "1-v1.pdf", "2-v1.pdf")
    }
    expected |= {f"outbox/{row[0]}.eml" for row in scene.world.rows("SELECT token FROM messages")} | {
        "state.db",
        "lock",
    }
    wrong += [f"storage/{name} is missing" for name in sorted(expected - here)]
    wrong += [f"storage/{name} was left behind" for name in sorted(here - expected - {"state.db-wal", "state.db-shm"})]
    if _kept(scene) != [scene.dropped]:
        wrong.append("the dossier does not hold the client file as it was dropped")
    return wrong + _documents(scene)


def _documents(scene: Scene) -> list[str]:
    """Each document and frozen mail has the bytes that its row names."""
    storage = scene.world.folder / "storage"
    named = scene.world.rows(
        "SELECT 'dossiers/' || dossier || '/' || file, sha256 FROM documents"
        " UNION ALL SELECT 'outbox/' || token || '.eml', sha256 FROM messages"
    )
    return [f"storage/{name} is not what its row names" for name, sha in named if _hash(storage / str(name)) != sha]


def _kept(scene: Scene) -> list[str]:
    return [path.read_text("utf-8") for path in (scene.world.folder / "storage").glob("dossiers/*/*-client-v*.yaml")]


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "missing"


def _mail(scene: Scene, recipient: str) -> list[str]:
    """Accepted: exactly one mail and one copy, of the frozen bytes. In doubt: at most one, and no copy."""
    rows = scene.world.rows("SELECT token, state FROM messages WHERE recipient = ?", recipient)
    if len(rows) != 1:
        return [f"{len(rows)} mails were made for {recipient}"]
    token, state = map(str, rows[0])
    arrived = scene.arrived(recipient)
    copies = [copy for copy in scene.copies() if token.encode() in copy]
    frozen = scene.world.folder / "storage" / "outbox" / f"{token}.eml"
    counts = {"accepted": {(1, 1)}, "in_doubt": {(0, 0), (1, 0)}}.get(state, set())
    wrong = []
    if (len(arrived), len(copies)) not in counts:
        wrong.append(f"{recipient} has {len(arrived)} mails and Sent {len(copies)} copies, and the mail is {state}")
    if frozen.is_file() and any(not mail.endswith(frozen.read_bytes()) for mail in arrived + copies):
        wrong.append(f"{recipient} or Sent has other bytes than were frozen")
    return wrong


def _commands(scene: Scene) -> list[str]:
    """`status` exits 1 and names the mail in doubt, or exits 0; `ledger verify` exits 0."""
    doubts = scene.world.rows("SELECT dossier, party FROM messages WHERE state = 'in_doubt'")
    code, said = _command(scene, "status")
    wrong = [] if code == int(bool(doubts)) else [f"status exits {code} with {len(doubts)} in doubt: {said}"]
    shown = [line for line in said.splitlines() if line.startswith("! ")]
    for reference, party in doubts:
        if not any(str(reference) in line and f"to the {party}" in line for line in shown):
            wrong.append(f"status does not show the mail to the {party} as in doubt: {said}")
    code, said = _command(scene, "ledger", "verify")
    return wrong + ([f"ledger verify exits {code}: {said}"] if code else [])


def _command(scene: Scene, *arguments: str) -> tuple[int, str]:
    """Carry out a command that only looks, in this process, which saves a second each."""
    before = os.umask(0o077)
    try:
        with ONE_AT_A_TIME, redirect_stdout(io.StringIO()) as said:
            code = main([*arguments, "--practice", str(scene.world.folder)])
    finally:
        os.umask(before)
    return code, said.getvalue()


def _third_run(scene: Scene) -> list[str]:
    """Another run tells nothing, writes no row and sends nothing."""
    before = _footprint(scene)
    with ONE_AT_A_TIME:
        told = scene.world.work()
    wrong = [f"another run is not quiet: {line}" for line in told]
    return wrong + ([] if _footprint(scene) == before else ["another run changed rows, or sent mail"])


def _footprint(scene: Scene) -> tuple[object, ...]:
    tables = ("requests", "documents", "messages", "obligations", "ledger", "numbers")
    rows = tuple(tuple(scene.world.rows(f"SELECT * FROM {table}")) for table in tables)
    return rows, tuple(len(scene.arrived(one)) for one in scene.recipients), len(scene.copies())
