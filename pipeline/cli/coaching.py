"""`appointment`, `invite`, `profile`, `report`, `approve`: the course of a coaching, for who would rather type.

The first four put a file in a drop folder, under the dossier's reference, and the loop does the rest; `approve` writes
down what the client told the coach herself.
"""

from __future__ import annotations

import io
import itertools
import os
from argparse import ArgumentParser, Namespace, _SubParsersAction
from pathlib import Path

from ruamel.yaml import YAML

from pipeline import approvals
from pipeline.approvals import Answer
from pipeline.cli.look import known_dossier
from pipeline.edges.accepts import ending_of
from pipeline.errors import UsageError
from pipeline.model import Kind
from pipeline.practice import Practice, opened
from pipeline.words import say
from pipeline.worker import utc_now

WORDS = {"yes": Answer.YES, "no": Answer.NO, "changes": Answer.CHANGES}
BY_COACH = "coach"


def add(commands: _SubParsersAction[ArgumentParser], shared: ArgumentParser) -> None:
    """Add the commands of this module."""
    _add_appointment(commands, shared)
    invite = commands.add_parser("invite", parents=[shared], help="invite a client to take her profile")
    invite.add_argument("reference", metavar="REF")
    invite.add_argument("--link", metavar="URL", required=True, help="where she takes it, as the processor gave it")
    invite.add_argument("--code", metavar="CODE", help="what she types there, if the processor gave that too")
    invite.set_defaults(command=_invite)
    for kind in ("profile", "report"):
        send = commands.add_parser(kind, parents=[shared], help=f"send a client her {kind}")
        send.add_argument("reference", metavar="REF")
        send.add_argument("file", metavar="FILE", type=Path)
        send.set_defaults(command=_send, drop=f"{kind}s")
    approve = commands.add_parser("approve", parents=[shared], help="what the client told you of her report or profile")
    approve.add_argument("reference", metavar="REF")
    approve.add_argument("document", choices=["report", "profile"])
    approve.add_argument("answer", choices=list(WORDS), help="it may go to who pays, it may not, or changes first")
    approve.set_defaults(command=_approve)


def _add_appointment(commands: _SubParsersAction[ArgumentParser], shared: ArgumentParser) -> None:
    appointment = commands.add_parser("appointment", parents=[shared], help="confirm an appointment to a client")
    appointment.add_argument("reference", metavar="REF")
    appointment.add_argument("--when", metavar="TIME", required=True, help="such as '2026-12-03 14:00'")
    appointment.add_argument("--minutes", metavar="N", help="how long (60)")
    appointment.add_argument("--where", metavar="PLACE")
    appointment.add_argument("--link", metavar="URL")
    appointment.add_argument("--number", metavar="N", dest="appointment", help="which appointment is changed")
    appointment.add_argument("--cancel", action="store_true", help="it does not take place")
    appointment.set_defaults(command=_appointment)


def _appointment(chosen: Namespace) -> int:
    fields = {name: getattr(chosen, name) for name in ("when", "minutes", "where", "link", "appointment")}
    with opened(chosen.practice) as practice:
        reference = known_dossier(practice, chosen.reference)
        cancelled = {"cancelled": "yes"} if chosen.cancel else {}
        given = {name: value for name, value in fields.items() if value}
        _drop(practice, "appointments", f"{reference}.yaml", _yaml({"dossier": reference, **given, **cancelled}))
    return 0


def _invite(chosen: Namespace) -> int:
    with opened(chosen.practice) as practice:
        reference = known_dossier(practice, chosen.reference)
        code = {"code": chosen.code} if chosen.code else {}
        _drop(practice, "profiles", f"{reference}.yaml", _yaml({"dossier": reference, "link": chosen.link, **code}))
    return 0


def _send(chosen: Namespace) -> int:
    with opened(chosen.practice) as practice:
        reference = known_dossier(practice, chosen.reference)
        if unfit := practice.drops[chosen.drop].accepts.refuses(chosen.file.name):
            raise UsageError(f"{chosen.file}: {say(practice.file.language, unfit)}")
        try:
            data = chosen.file.read_bytes()
        except OSError as error:
            raise UsageError(f"{chosen.file}: {error.strerror}") from None
        _drop(practice, chosen.drop, f"{reference}{ending_of(chosen.file.name)}", data)
    return 0


def _drop(practice: Practice, drop: str, name: str, data: bytes) -> None:
    """Put a file in a drop folder, beside what lies there already; while it is written nobody takes it in."""
    root, (stem, _, ending) = practice.drops[drop].root, name.rpartition(".")
    names = (f"{stem}{'' if number == 1 else f' ({number})'}.{ending}" for number in itertools.count(1))
    free = next(one for one in names if not os.path.lexists(root / one))
    with open(root / free, "xb") as file:
        file.write(data)
    print(say(practice.file.language, "dropped", place=f"drop/{drop}/{free}"))


def _yaml(fields: dict[str, str]) -> bytes:
    text = io.StringIO()
    YAML().dump(fields, text)
    return text.getvalue().encode()


def _approve(chosen: Namespace) -> int:
    kind, answer, now = Kind(chosen.document), WORDS[chosen.answer], utc_now()
    with opened(chosen.practice) as practice:
        reference, language = known_dossier(practice, chosen.reference), practice.file.language
        newest = practice.database.value(
            "SELECT max(version) FROM documents WHERE dossier = ? AND kind = ?", reference, kind
        )
        with practice.database.transaction():
            document = approvals.about(practice, reference, kind, newest or 0)
            if document is None:
                raise UsageError(say(language, "nothing_to_approve", reference=reference))
            approvals.record(practice, document, answer, BY_COACH, now)
            left = approvals.has_left(practice, document) and answer is not Answer.YES
        print(say(language, f"approved_{answer}", reference=reference, version=newest, place=f"drop/{kind}s"))
        if left:
            print(say(language, "word_left"))
    return 0
