"""What stands in files about a profile: the part `profile` of practice.yaml, and the invitation that the coach drops.

Takes the bytes of `drop/profiles/*.yaml`; leaves one frozen `InvitationFile`, or `FileProblems` with all that must be
mended.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator

from pipeline.config.fields import Line, Lines, Reference, line, problem
from pipeline.config.links import Https
from pipeline.config.problems import Strict, load

SYNONYMS = {"kenmerk": "dossier", "link": "link", "adres": "link", "url": "link", "toegangscode": "code"}
"""The Dutch words (and the other spellings) of each key of an invitation; the first of several is the one we say."""
PRACTICE_SYNONYMS = {
    "profiel": "profile", "verwerker": "processor", "profile.gegevens": "information", "profile.wat": "what",
}  # fmt: skip
"""The Dutch words of the part of practice.yaml."""
MOST_CODE = 200


def _code(value: object) -> str:
    """What the processor gave beside the link: a code, or a line on what to do with it."""
    text = line(value)
    if len(text) > MOST_CODE:
        raise problem("too_long", most=MOST_CODE)
    return text


class ProfileRules(Strict):
    """The profiles that a practice has made: what they are, by whom, what that asks for, where its own statement is.

    What is not filled in is taken from the policy, where that names a processor of profiles.
    """

    processor: Line | None = None
    what: Line | None = None
    statement: Https | None = None
    information: Lines | None = None


class InvitationFile(Strict):
    """An invitation to take a profile, checked: the link as the processor gave it, and what is typed there."""

    dossier: Reference | None = None
    link: Https
    code: Annotated[str, BeforeValidator(_code)] | None = None


def read_invitation_file(data: bytes, name: str, *, language: str) -> InvitationFile:
    """Read one invitation; problems are said in `language`."""
    return load(InvitationFile, data, name, language=language, synonyms=SYNONYMS)
