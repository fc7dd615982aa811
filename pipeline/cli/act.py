"""`release` and `settle`: the coach decides; the command only writes rows, the loop does the rest."""

from __future__ import annotations

import sqlite3
from argparse import ArgumentParser, Namespace, _SubParsersAction

from pipeline.cli.look import known_dossier
from pipeline.errors import UsageError
from pipeline.outgoing.sending import outbox
from pipeline.overview import mail
from pipeline.practice import Practice, opened
from pipeline.worker import utc_now


def add(commands: _SubParsersAction[ArgumentParser], shared: ArgumentParser) -> None:
    """Add the commands of this module."""
    release = commands.add_parser("release", parents=[shared], help="let held mail of a dossier go")
    release.add_argument("reference", metavar="REF")
    release.set_defaults(command=_release)
    settle = commands.add_parser("settle", parents=[shared], help="say of mail in doubt whether it arrived")
    settle.add_argument("reference", metavar="REF")
    settle.add_argument("answer", choices=["arrived", "resend"], help="it arrived, or it did not and must go again")
    settle.add_argument("mail", metavar="MAIL", nargs="?", help="which one, when several are in doubt")
    settle.set_defaults(command=_settle)


def _release(chosen: Namespace) -> int:
    with opened(chosen.practice) as practice:
        reference = known_dossier(practice, chosen.reference)
        count = outbox.release(practice, reference, utc_now())
    if not count:
        raise UsageError(f"{reference} has no mail that waits for release; see: pipeline show {reference}")
    print(f"{count} mail{'s' if count > 1 else ''} of {reference} released; `pipeline run` sends it")
    return 0


def _settle(chosen: Namespace) -> int:
    with opened(chosen.practice) as practice:
        reference = known_dossier(practice, chosen.reference)
        row = _in_doubt(practice, reference, chosen.mail)
        arrived = chosen.answer == "arrived"
        if not outbox.settle(practice, reference, utc_now(), arrived=arrived, token=row["token"]):
            raise UsageError(f"{reference}: this mail waits for another answer of yours; see: pipeline attention")
    print(f"{mail(row)} of {reference}: {chosen.answer}")
    return 0


def _in_doubt(practice: Practice, reference: str, token: str | None) -> sqlite3.Row:
    """Give the mail in doubt that is meant; of several the one of that token, since each can have ended otherwise."""
    doubts = outbox.in_doubt(practice, reference)
    if not doubts:
        raise UsageError(f"{reference} has no mail in doubt; see: pipeline show {reference}")
    meant = [row for row in doubts if row["token"] == token or (token is None and len(doubts) == 1)]
    if not meant:
        lines = [f"  pipeline settle {reference} arrived|resend {row['token']}   ({mail(row)})" for row in doubts]
        raise UsageError("\n".join([f"say which mail of {reference} you mean:", *lines]))
    return meant[0]
