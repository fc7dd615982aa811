"""The versions of the privacy statement: what each promised, since when, and the stop when what runs is another.

Takes the policy and practice.yaml as they are in force; leaves a row for each version, an entry in the ledger for each
time one came into force, and the statement itself as PDF and HTML. What came under a version keeps its terms, so each
version is kept as the policy it was made from.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date, datetime
from functools import lru_cache

from pipeline.edges import ledger
from pipeline.errors import ConfigError
from pipeline.policy.drift import SHORT, canonical, differences, digest, promised
from pipeline.policy.policy import Policy
from pipeline.policy.statement import statement_values
from pipeline.practice import Practice
from pipeline.words import say

IN_FORCE = "statements in force"
"""The setting that lists, oldest first, since when which version was in force; one may come back."""
Spell = tuple[str, str]
"""A version, and the moment from which it was in force."""
PAPER, WEB = "statement.html", "statement_web.html"


def activate(practice: Practice, now: datetime) -> None:
    """Put the version that practice.yaml names in force; raises `ConfigError` when it promised something else before.

    A version that was in force earlier may come back, with the promise it had.
    """
    refuse_drift(practice)
    version, database = practice.file.statement.version, practice.database
    in_force = spells(practice)
    if in_force and in_force[-1][0] == version:
        return
    sha256 = digest(practice.policy, practice.file)
    with database.transaction():
        database.run(
            "INSERT OR IGNORE INTO statements VALUES (?, ?, ?, ?, ?)",
            version, sha256, canonical(promised(practice.policy, practice.file)), practice.policy.model_dump_json(),
            now.isoformat(),
        )  # fmt: skip
        in_force.append((version, now.isoformat()))
        database.keep_setting(IN_FORCE, json.dumps(in_force))
        ledger.record(database, now, "statement.activated", version=version, sha256=sha256)


def refuse_drift(practice: Practice) -> None:
    """Raise `ConfigError`, with every difference, when the version in practice.yaml once promised something else."""
    file, policy = practice.file, practice.policy
    known = practice.database.row("SELECT * FROM statements WHERE version = ?", file.statement.version)
    if known is None or known["sha256"] == digest(policy, file):
        return
    found = differences(json.loads(known["promised"]), promised(policy, file), file.language)
    told = "\n".join(f"  {line}" for line in found)
    raise ConfigError(say(file.language, "drift_stop", version=file.statement.version, differences=told))


def policies_since(practice: Practice, day: date) -> list[Policy]:
    """Give the policy of each version that was in force on or after `day`, oldest first; the one in force is last."""
    current, kept = practice.file.statement.version, policies(practice)
    versions = dict.fromkeys(version for version, until in _ended(practice) if until is None or until >= day)
    return [*(kept[version] for version in versions if version != current), practice.policy]


def policies(practice: Practice) -> dict[str, Policy]:
    """Give every version that was in force, with the policy that it was made from."""
    rows = practice.database.rows("SELECT version, policy FROM statements")
    return {row["version"]: _parsed(row["policy"]) for row in rows}


def spells(practice: Practice) -> list[Spell]:
    """Give, oldest first, which version was in force from which moment on; one may come back."""
    kept = practice.database.setting(IN_FORCE)
    return [(version, since) for version, since in json.loads(kept or "[]")]


def files(practice: Practice, language: str, today: date) -> Iterator[tuple[str, bytes]]:
    """Make the statement in one language, as PDF and as HTML; gives each file's name and its bytes.

    Its date is the day on which the version came into force, and until then today's.
    """
    version = practice.file.statement.version
    row = practice.database.row("SELECT activated_at FROM statements WHERE version = ?", version)
    since = practice.day_of(row["activated_at"]) if row else today
    values = statement_values(practice.policy, practice.file, language, since)
    code = f"PRIVACY-{digest(practice.policy, practice.file)[:SHORT].upper()}"
    name = f"privacy-{file_version(version)}-{language}"
    yield f"{name}.pdf", practice.press.print(PAPER, values, code, 1, "").data
    yield f"{name}.html", practice.press.write(WEB, values, escape=True).encode()


def file_version(version: str) -> str:
    """Give a version as part of a file's name."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", version).strip(".-") or "x"


def _ended(practice: Practice) -> Iterator[tuple[str, date | None]]:
    """Give each version with the day on which it made place for another; None for the last one."""
    known = spells(practice)
    ends: list[date | None] = [practice.day_of(since) for _, since in known[1:]]
    for at, (version, _) in enumerate(known):
        yield version, [*ends, None][at]


@lru_cache(maxsize=64)
def _parsed(text: str) -> Policy:
    return Policy.model_validate_json(text)
