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

INCOMING = (
    # How far a folder of the mail account has been looked through: `next_uid` is the first one not seen yet.
    """CREATE TABLE folders (
        account TEXT NOT NULL,
        folder TEXT NOT NULL,
        uidvalidity INTEGER NOT NULL,
        next_uid INTEGER NOT NULL,
        PRIMARY KEY (account, folder)
    ) STRICT""",
    # An incoming mail that can matter, kept as it came. `seal` is the keyed hash of its bytes: the same mail again, in
    # another folder or after the server renumbered, is the same row.
    """CREATE TABLE mails (
        number INTEGER PRIMARY KEY,
        seal TEXT NOT NULL UNIQUE,
        file TEXT NOT NULL,
        state TEXT NOT NULL,
        nature TEXT,
        standing TEXT,
        rule TEXT,
        dossier TEXT,
        party TEXT,
        mark TEXT,
        move TEXT,
        came_at TEXT,
        attempts INTEGER NOT NULL DEFAULT 0,
        next_at TEXT NOT NULL,
        stored_at TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX mails_by_state ON mails (state, next_at)",
    # Where a mail lies in the account. `mail` is empty until its bytes are stored.
    """CREATE TABLE arrivals (
        account TEXT NOT NULL,
        folder TEXT NOT NULL,
        uidvalidity INTEGER NOT NULL,
        uid INTEGER NOT NULL,
        size INTEGER NOT NULL,
        mail INTEGER REFERENCES mails,
        attempts INTEGER NOT NULL DEFAULT 0,
        next_at TEXT NOT NULL,
        reason TEXT,
        found_at TEXT NOT NULL,
        PRIMARY KEY (account, folder, uidvalidity, uid)
    ) STRICT""",
    "CREATE INDEX arrivals_to_fetch ON arrivals (next_at) WHERE mail IS NULL",
    # A document that came back in a mail: what was read, and what became of it. `reasons` and `findings` are JSON.
    """CREATE TABLE returns (
        number INTEGER PRIMARY KEY,
        mail INTEGER NOT NULL REFERENCES mails,
        dossier TEXT NOT NULL,
        kind TEXT NOT NULL,
        version INTEGER NOT NULL,
        verdict TEXT NOT NULL,
        reasons TEXT NOT NULL,
        findings TEXT NOT NULL,
        files TEXT NOT NULL,
        picture TEXT,
        state TEXT NOT NULL,
        read_at TEXT NOT NULL,
        decided_at TEXT,
        UNIQUE (mail, dossier, kind, version)
    ) STRICT""",
    "CREATE INDEX returns_of_document ON returns (dossier, kind, version)",
    # Consents are facts, one row for each that was given, refused or withdrawn; the latest to come holds.
    # `came_at` is when the mail came to our provider, `at` when we wrote it down.
    """CREATE TABLE consents (
        number INTEGER PRIMARY KEY,
        dossier TEXT NOT NULL,
        purpose TEXT NOT NULL,
        given INTEGER NOT NULL,
        document TEXT NOT NULL,
        text_seal TEXT NOT NULL,
        way TEXT NOT NULL,
        mail INTEGER NOT NULL REFERENCES mails,
        came_at TEXT NOT NULL,
        at TEXT NOT NULL,
        UNIQUE (mail, dossier, purpose, document, way)
    ) STRICT""",
    "CREATE INDEX consents_of_dossier ON consents (dossier, purpose)",
    """CREATE VIEW standing_consents AS SELECT * FROM consents one WHERE number =
        (SELECT number FROM consents WHERE dossier = one.dossier AND purpose = one.purpose
         ORDER BY came_at DESC, given, number DESC LIMIT 1)""",
    # What waits for the coach; one open row for each thing.
    """CREATE TABLE attention (
        number INTEGER PRIMARY KEY,
        what TEXT NOT NULL,
        dossier TEXT,
        mail INTEGER REFERENCES mails,
        return INTEGER REFERENCES returns,
        reasons TEXT NOT NULL,
        state TEXT NOT NULL,
        opened_at TEXT NOT NULL,
        settled_at TEXT,
        decision TEXT
    ) STRICT""",
    "CREATE INDEX attention_by_state ON attention (state)",
    # Mail goes out for more reasons than new documents: reminders, the countersigned copy, a note to the coach.
    """CREATE TABLE messages_with_purpose (
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
        purpose TEXT NOT NULL DEFAULT 'documents',
        round INTEGER NOT NULL DEFAULT 0,
        bounced TEXT,
        UNIQUE (dossier, revision, party, purpose, round),
        FOREIGN KEY (dossier, revision) REFERENCES requests
    ) STRICT""",
    "INSERT INTO messages_with_purpose SELECT *, 'documents', 0, NULL FROM messages",
    "DROP TABLE messages",
    "ALTER TABLE messages_with_purpose RENAME TO messages",
    "CREATE INDEX messages_by_state ON messages (state, next_at)",
    # Reminders are per obligation; `quiet` says why none goes out any more.
    "ALTER TABLE obligations ADD COLUMN reminders INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE obligations ADD COLUMN quiet TEXT",
    "ALTER TABLE obligations ADD COLUMN settled_at TEXT",
)

RETENTION = (
    # Each version of the privacy statement that was in force: what it promised (canonical JSON, for telling what has
    # changed since) and the policy it was made from. What came under one version keeps its terms, or stricter ones.
    """CREATE TABLE statements (
        version TEXT PRIMARY KEY,
        sha256 TEXT NOT NULL,
        promised TEXT NOT NULL,
        policy TEXT NOT NULL,
        activated_at TEXT NOT NULL
    ) STRICT""",
    # What a person has said about the policy: that a reading holds, that something no program sees is so.
    """CREATE TABLE confirmations (
        what TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        at TEXT NOT NULL,
        PRIMARY KEY (what, at)
    ) STRICT""",
    # The days in the life of a dossier that terms are counted from, as far as a person has to tell them.
    """CREATE TABLE events (
        dossier TEXT NOT NULL REFERENCES dossiers,
        event TEXT NOT NULL,
        day TEXT NOT NULL,
        recorded_at TEXT NOT NULL,
        PRIMARY KEY (dossier, event)
    ) STRICT""",
    # What keeps a dossier, or one kind of what it holds, from being erased; a restriction also from being used.
    """CREATE TABLE holds (
        number INTEGER PRIMARY KEY,
        dossier TEXT NOT NULL REFERENCES dossiers,
        category TEXT,
        kind TEXT NOT NULL,
        reason TEXT NOT NULL,
        placed_at TEXT NOT NULL,
        until TEXT,
        lifted_at TEXT
    ) STRICT""",
    "CREATE INDEX holds_of_dossier ON holds (dossier) WHERE lifted_at IS NULL",
    # A person's yes or no to one document (`document` is the seal of its bytes), for one recipient and one purpose: the
    # act that it allows, or the consent that it is. The latest holds; a changed byte is another document.
    """CREATE TABLE approvals (
        number INTEGER PRIMARY KEY,
        dossier TEXT NOT NULL REFERENCES dossiers,
        document TEXT NOT NULL,
        recipient TEXT NOT NULL,
        purpose TEXT NOT NULL,
        given INTEGER NOT NULL,
        at TEXT NOT NULL,
        way TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX approvals_of_dossier ON approvals (dossier)",
    # How far each folder of the account has been looked through for mail of ours.
    """CREATE TABLE sweeps (
        account TEXT NOT NULL,
        folder TEXT NOT NULL,
        uidvalidity INTEGER NOT NULL,
        next_uid INTEGER NOT NULL,
        PRIMARY KEY (account, folder)
    ) STRICT""",
    # Where copies of our own mail lie in the account; `by_hand` for one that the coach sent herself: it does not carry
    # our header and is known by its `sha256`.
    """CREATE TABLE copies (
        account TEXT NOT NULL,
        folder TEXT NOT NULL,
        uidvalidity INTEGER NOT NULL,
        uid INTEGER NOT NULL,
        token TEXT NOT NULL,
        message_id TEXT NOT NULL,
        by_hand INTEGER NOT NULL DEFAULT 0,
        found_at TEXT NOT NULL,
        sha256 TEXT,
        PRIMARY KEY (account, folder, uidvalidity, uid)
    ) STRICT""",
    "CREATE INDEX copies_of_message ON copies (token)",
    # The end of a mail: sent (`token`) or received (`mail`). due → removing → gone | kept, with the grade reached.
    """CREATE TABLE purges (
        number INTEGER PRIMARY KEY,
        token TEXT UNIQUE,
        mail INTEGER UNIQUE,
        dossier TEXT,
        rule TEXT NOT NULL,
        clauses TEXT NOT NULL,
        due_at TEXT NOT NULL,
        gone_by TEXT NOT NULL,
        at_once INTEGER NOT NULL DEFAULT 0,
        state TEXT NOT NULL,
        grade TEXT,
        reason TEXT,
        attempts INTEGER NOT NULL DEFAULT 0,
        next_at TEXT NOT NULL,
        done_at TEXT,
        CHECK ((token IS NULL) != (mail IS NULL))
    ) STRICT""",
    "CREATE INDEX purges_by_state ON purges (state, next_at)",
    # The end of what is held of a dossier, by kind: planned → erasing → erased → verified.
    """CREATE TABLE erasures (
        number INTEGER PRIMARY KEY,
        dossier TEXT NOT NULL,
        category TEXT NOT NULL,
        part TEXT NOT NULL,
        rules TEXT NOT NULL,
        clauses TEXT NOT NULL,
        due TEXT NOT NULL,
        gone_by TEXT NOT NULL,
        ending TEXT NOT NULL,
        state TEXT NOT NULL,
        grade TEXT,
        planned_at TEXT NOT NULL,
        veto_until TEXT NOT NULL,
        done_at TEXT,
        UNIQUE (dossier, category, part)
    ) STRICT""",
    "CREATE INDEX erasures_by_state ON erasures (state, due)",
    # The books: of an invoice, the fields that the law names, and apart from them the rest that goes on time.
    """CREATE TABLE invoices (
        number TEXT PRIMARY KEY,
        dossier TEXT NOT NULL,
        issued_on TEXT NOT NULL,
        statutory TEXT NOT NULL,
        rest TEXT,
        file TEXT,
        sha256 TEXT
    ) STRICT""",
    "CREATE INDEX invoices_of_dossier ON invoices (dossier)",
    # Mail can be about no dossier: the daily note to the coach. `gates` are those of the policy that a mail passed, as
    # they stood when its mark was written: JSON for the ledger.
    """CREATE TABLE messages_about (
        token TEXT PRIMARY KEY,
        dossier TEXT,
        revision INTEGER,
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
        purpose TEXT NOT NULL DEFAULT 'documents',
        round INTEGER NOT NULL DEFAULT 0,
        bounced TEXT,
        gates TEXT,
        UNIQUE (dossier, revision, party, purpose, round),
        FOREIGN KEY (dossier, revision) REFERENCES requests,
        CHECK ((dossier IS NULL) = (revision IS NULL))
    ) STRICT""",
    "INSERT INTO messages_about SELECT *, NULL FROM messages",
    "DROP TABLE messages",
    "ALTER TABLE messages_about RENAME TO messages",
    "CREATE INDEX messages_by_state ON messages (state, next_at)",
)

LEAVING = (
    # What was marked to learn from, without names: `code` is drawn at random and `pieces` is the text, as JSON in short
    # pieces. Without a row number, and of its days only the months, so that neither tells which dossier it came from.
    """CREATE TABLE cases (
        code TEXT PRIMARY KEY,
        pieces TEXT NOT NULL,
        marked_in TEXT NOT NULL,
        closed_in TEXT
    ) STRICT, WITHOUT ROWID""",
    # The key to them: which case came from which dossier. Closing destroys it; `code` is empty once it is overwritten.
    """CREATE TABLE case_keys (
        number INTEGER PRIMARY KEY,
        dossier TEXT NOT NULL REFERENCES dossiers,
        code TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX case_keys_of_dossier ON case_keys (dossier)",
    # A term that was made longer for one dossier, with the reason that its rule asks for.
    """CREATE TABLE extensions (
        number INTEGER PRIMARY KEY,
        dossier TEXT NOT NULL REFERENCES dossiers,
        rule TEXT NOT NULL,
        reason TEXT NOT NULL,
        granted_at TEXT NOT NULL,
        lifted_at TEXT
    ) STRICT""",
    "CREATE INDEX extensions_of_dossier ON extensions (dossier) WHERE lifted_at IS NULL",
)

COACHING = (
    # Documents come in the course of a coaching, too: profile, report, invoice, appointment. `version` counts within
    # their kind, `source` is the file that the coach wrote, `dropped` the hash of what she dropped, `about` what else
    # is known of it, as JSON; `state` is empty for the two that open a coaching.
    """CREATE TABLE documents_of_dossier (
        dossier TEXT NOT NULL REFERENCES dossiers,
        kind TEXT NOT NULL,
        version INTEGER NOT NULL,
        file TEXT NOT NULL UNIQUE,
        sha256 TEXT NOT NULL,
        pages INTEGER NOT NULL,
        boxes TEXT NOT NULL,
        statement TEXT NOT NULL,
        written_at TEXT NOT NULL,
        state TEXT,
        source TEXT,
        dropped TEXT,
        about TEXT NOT NULL DEFAULT '{}',
        PRIMARY KEY (dossier, kind, version)
    ) STRICT""",
    "INSERT INTO documents_of_dossier SELECT *, NULL, NULL, NULL, '{}' FROM documents",
    "DROP TABLE documents",
    "ALTER TABLE documents_of_dossier RENAME TO documents",
    "CREATE INDEX documents_by_state ON documents (state) WHERE state IS NOT NULL",
    # What was asked of her in a mail that is deleted before she answers: her answer quotes it.
    "ALTER TABLE obligations ADD COLUMN question TEXT",
    # A question can be about one mail that waits for the answer.
    "ALTER TABLE attention ADD COLUMN token TEXT",
    # An invoice: the document's version in its dossier, the moment it was for, what it takes back, and how it was paid.
    "ALTER TABLE invoices ADD COLUMN version INTEGER",
    "ALTER TABLE invoices ADD COLUMN part TEXT",
    "ALTER TABLE invoices ADD COLUMN credits TEXT",
    "ALTER TABLE invoices ADD COLUMN due_on TEXT",
    "ALTER TABLE invoices ADD COLUMN paid_on TEXT",
    "ALTER TABLE invoices ADD COLUMN books TEXT",
    "CREATE UNIQUE INDEX invoices_of_part ON invoices (dossier, part)",
)

CLOSING = (
    # The day on which a coaching is over, as the client file says it: until it is there, and was heeded.
    """CREATE TABLE closings (
        dossier TEXT PRIMARY KEY REFERENCES dossiers,
        day TEXT NOT NULL,
        told_at TEXT NOT NULL
    ) STRICT""",
)

MIGRATIONS: dict[str, tuple[str, ...]] = {
    "outgoing": FIRST, "incoming": INCOMING, "retention": RETENTION, "leaving": LEAVING,
    "coaching": COACHING,
    "closing": CLOSING,
}  # fmt: skip
