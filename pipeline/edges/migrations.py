"""The tables, in the order in which they came to be: named steps, each recorded by its name and never changed."""

from __future__ import annotations

FIRST = (
    # What the program must remember about itself: the practice's own key for codes and tokens.
    "CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT",
    # The last number given out of each series, such as quote-2026: without gaps, because it is taken in the
    # transaction that uses it.
    "CREATE TABLE numbers (series TEXT PRIMARY KEY, last INTEGER NOT NULL) STRICT",
    # One coaching of one client. `client_key` is keyed, so that it says nothing to a reader of the file.
    """CREATE TABLE dossiers (
        reference TEXT PRIMARY KEY,
        client_key TEXT NOT NULL,
        quote_number TEXT NOT NULL UNIQUE,
        opened_at TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX dossiers_of_client ON dossiers (client_key)",
    # One revision of a client file; `facts` is the checked file as JSON, `sha256` that of the bytes that were dropped.
    """CREATE TABLE requests (
        dossier TEXT NOT NULL REFERENCES dossiers,
        revision INTEGER NOT NULL,
        sha256 TEXT NOT NULL,
        facts TEXT NOT NULL,
        state TEXT NOT NULL,
        reason TEXT,
        accepted_at TEXT NOT NULL,
        PRIMARY KEY (dossier, revision)
    ) STRICT""",
    "CREATE INDEX requests_by_state ON requests (state)",
    # A document as it was made: `boxes` are the places of check boxes and signature, as JSON in millimetres.
    """CREATE TABLE documents (
        dossier TEXT NOT NULL,
        kind TEXT NOT NULL,
        version INTEGER NOT NULL,
        file TEXT NOT NULL UNIQUE,
        sha256 TEXT NOT NULL,
        pages INTEGER NOT NULL,
        boxes TEXT NOT NULL,
        statement TEXT NOT NULL,
        written_at TEXT NOT NULL,
        PRIMARY KEY (dossier, kind, version),
        FOREIGN KEY (dossier, version) REFERENCES requests (dossier, revision)
    ) STRICT""",
    # An outgoing mail, one recipient each. `file` holds the frozen bytes, every attempt sends those.
    """CREATE TABLE messages (
        token TEXT PRIMARY KEY,
        dossier TEXT NOT NULL,
        revision INTEGER NOT NULL,
        party TEXT NOT NULL,
        kinds TEXT NOT NULL,
        recipient TEXT NOT NULL,
        message_id TEXT NOT NULL UNIQUE,
        sha256 TEXT NOT NULL,
        state TEXT NOT NULL,
        reason TEXT,
        attempts INTEGER NOT NULL DEFAULT 0,
        next_at TEXT NOT NULL,
        queued_at TEXT NOT NULL,
        first_tried_at TEXT,
        accepted_at TEXT,
        copy_state TEXT NOT NULL,
        UNIQUE (dossier, revision, party),
        FOREIGN KEY (dossier, revision) REFERENCES requests
    ) STRICT""",
    "CREATE INDEX messages_by_state ON messages (state, next_at)",
    # Who must return what.
    """CREATE TABLE obligations (
        dossier TEXT NOT NULL,
        kind TEXT NOT NULL,
        version INTEGER NOT NULL,
        party TEXT NOT NULL,
        state TEXT NOT NULL,
        asked_at TEXT NOT NULL,
        due_at TEXT NOT NULL,
        PRIMARY KEY (dossier, kind, version, party)
    ) STRICT""",
    # What happened, for whoever must be shown: a hash chain without personal data. Nothing is changed or removed.
    """CREATE TABLE ledger (
        number INTEGER PRIMARY KEY,
        entry TEXT NOT NULL,
        hash TEXT NOT NULL
    ) STRICT""",
    "CREATE TRIGGER ledger_is_not_changed BEFORE UPDATE ON ledger BEGIN SELECT RAISE(ABORT, 'append only'); END",
    "CREATE TRIGGER ledger_is_not_cut BEFORE DELETE ON ledger BEGIN SELECT RAISE(ABORT, 'append only'); END",
)

MIGRATIONS: dict[str, tuple[str, ...]] = {"outgoing": FIRST}
