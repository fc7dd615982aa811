"""A policy of the practice's own, made after one that comes with the program; every comment stays, for her to read."""

from __future__ import annotations

import json
import re
import textwrap
from pathlib import Path

from pipeline.config.practice import read_practice_file
from pipeline.durable import sync_folder
from pipeline.errors import UsageError
from pipeline.policy.policy import policy_file, read_policy, shipped_policies
from pipeline.words import say

FILE = "policy.yaml"
FILE_NAME = re.compile(r"[a-z][a-z0-9-]{1,30}\.yaml")
WIDTH = 116


def make(folder: Path, like: str, file: str = FILE) -> Path:
    """Write `file` in the practice `folder`, the same as the policy `like` but for its name and head; gives its path.

    Raises `UsageError` when there is such a file already, or no such policy.
    """
    practice = read_practice_file(folder)
    language = practice.language
    if like not in shipped_policies():
        known = ", ".join(shipped_policies())
        raise UsageError(say(language, "policy_unknown_like", value=like, known=known))
    if not FILE_NAME.fullmatch(file) or file.removesuffix(".yaml") in shipped_policies():
        raise UsageError(say(language, "policy_bad_name", file=file))
    model = read_policy(like, folder, language)
    head = say(
        language, "policy_header", practice=practice.practice.name, name=model.name, version=model.origin.version
    )
    text = own(policy_file(like, folder, language)[0].decode(), file, practice.practice.name, head)
    try:
        with open(folder / file, "x", encoding="utf-8", newline="") as made:
            made.write(text)
    except FileExistsError:
        raise UsageError(say(language, "policy_exists", file=file, like=like)) from None
    sync_folder(folder)
    return folder / file


def own(shipped: str, file: str, practice: str, head: str) -> str:
    """Give the text of a policy of `practice`: another id, name and head; all else as it was, its comments too."""
    body = re.sub(r"\A(?:#[^\n]*\n)+", "", shipped)
    body = _replaced(body, "id", file.removesuffix(".yaml"))
    body = _replaced(body, "name", json.dumps(practice, ensure_ascii=False))
    return "".join(f"# {line}\n" for line in textwrap.wrap(head, WIDTH)) + body


def _replaced(body: str, key: str, value: str) -> str:
    changed, count = re.subn(rf"^{key}:.*$", lambda _: f"{key}: {value}", body, count=1, flags=re.MULTILINE)
    assert count == 1, f"a shipped policy has no {key}"
    return changed
