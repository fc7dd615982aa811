"""`purge`, `retention`, `hold`: what is to go, carrying it out, and keeping something back."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace, _SubParsersAction
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from pipeline.cli.look import known_dossier
from pipeline.errors import UsageError
from pipeline.model import ErasureState, HoldKind
from pipeline.policy.schema.base import Category
from pipeline.practice import Practice, opened
from pipeline.words import say
from pipeline.worker import alone, utc_now

CONFIRM = "the guard says wait; the plan has been looked at, carry it out all the same"
PLAN_WAITS = 75


def add(commands: _SubParsersAction[ArgumentParser], shared: ArgumentParser) -> None:
    """Add the commands of this module."""
    purge = commands.add_parser("purge", parents=[shared], help="delete the sent mail whose term is over, everywhere")
    purge.add_argument("--dry-run", action="store_true", help="only print the plan")
    purge.add_argument("--confirm", action="store_true", help=CONFIRM)
    purge.set_defaults(command=_purge)
    retention = commands.add_parser("retention", parents=[shared], help="erase what is held and whose term is over")
    retention.add_argument("action", choices=["plan", "run", "check"], help="print it, carry it out, check a receipt")
    retention.add_argument("receipt", nargs="?", type=Path, metavar="RECEIPT", help="a receipt, to check it")
    retention.add_argument("--confirm", action="store_true", help=CONFIRM)
    retention.set_defaults(command=_retention)
    hold = commands.add_parser("hold", parents=[shared], help="keep a dossier from being erased, or let it go again")
    hold.add_argument("reference", metavar="REF")
    hold.add_argument("--reason", help="why; it is kept with the dossier")
    hold.add_argument("--until", type=_day, metavar="DATE", help="the day on which it ends by itself, as 2027-06-30")
    hold.add_argument("--only", type=Category, choices=list(Category), metavar="KIND", help="one kind of what is held")
    hold.add_argument("--restricted", action="store_true", help="nothing is sent about it either (art. 18 GDPR)")
    hold.add_argument("--lift", action="store_true", help="lift what holds it")
    hold.set_defaults(command=_hold)


def _purge(chosen: Namespace) -> int:
    from pipeline.retention import guarding
    from pipeline.retention.mail import mailing, purge

    with opened(chosen.practice) as practice, alone(practice.storage.root):
        now = utc_now()
        mailing.schedule(practice, now)
        rows = list(purge.due(practice, now))
        plan = purge.plan(practice, rows, now)
        for row in rows:
            print(f"{row['due_at'][:16].replace('T', ' ')}  {row['dossier'] or '-':9}  {row['rule']}  {row['clauses']}")
        print(f"{len(rows)} to delete" + (f"; plan {plan.name}" if rows else ""))
        if chosen.dry_run or not rows:
            return 0
        guarding.note_clock(practice, now)
        gone = purge.purge(practice, now, print, asked=chosen.confirm)
        return _outcome(practice, waits=not gone and any(purge.due(practice, now)))


def _retention(chosen: Namespace) -> int:
    from pipeline.retention import planning, timetable

    if chosen.action == "check":
        return _check(chosen)
    with opened(chosen.practice) as practice, alone(practice.storage.root):
        now = utc_now()
        planning.announce(practice, now)
        print("\n".join(_planned(practice)) or "nothing is to be erased in the coming two weeks")
        if chosen.action == "plan":
            return 0
        gone = timetable.keep_promises(practice, now, print, asked=chosen.confirm)
        over = practice.database.value(
            "SELECT 1 FROM erasures WHERE state = ? AND veto_until <= ?", ErasureState.PLANNED, now.isoformat()
        )
        return _outcome(practice, waits=bool(not gone and over))


def _planned(practice: Practice) -> Iterator[str]:
    for row in practice.database.rows("SELECT * FROM erasures WHERE state <> ? ORDER BY due, dossier, part",
                                      ErasureState.VERIFIED):  # fmt: skip
        what = say(practice.file.language, f"category_{row['category']}")
        yield (
            f"{row['due']}  {row['dossier'] or '-':9}  {what}  {row['rules']}  {row['clauses']}"
            f"  not before {row['veto_until'][:16].replace('T', ' ')}"
        )


def _outcome(practice: Practice, *, waits: bool) -> int:
    if not waits:
        return 0
    asked = practice.database.value("SELECT number FROM attention WHERE what = 'plan' AND state = 'open'")
    print(f"this plan waits for you; see: pipeline attention show {asked}" if asked else "it is tried again later")
    return PLAN_WAITS


def _check(chosen: Namespace) -> int:
    from pipeline.retention import receipts

    if chosen.receipt is None or not chosen.receipt.is_file():
        raise UsageError("which receipt? Type: pipeline retention check RECEIPT.json")
    with opened(chosen.practice) as practice:
        wrong = receipts.disagreements(practice, chosen.receipt.read_bytes())
    print("\n".join(wrong) or "every entry of this receipt stands in the ledger as it says")
    return int(bool(wrong))


def _hold(chosen: Namespace) -> int:
    from pipeline.retention import holds, learning

    with opened(chosen.practice) as practice:
        reference = known_dossier(practice, chosen.reference)
        if chosen.lift:
            lifted = holds.lift(practice, reference, utc_now())
            learning.destroy_keys(practice, utc_now())
            print(f"{reference}: {lifted} lifted; the terms run on" if lifted else f"{reference} was not held")
            return 0
        if not chosen.reason:
            raise UsageError("a hold needs its reason; type: pipeline hold REF --reason 'a dispute about the invoice'")
        kind = HoldKind.RESTRICTED if chosen.restricted else HoldKind.HOLD
        holds.place(practice, reference, kind, chosen.reason, utc_now(), until=chosen.until, category=chosen.only)
    print(
        f"{reference} is held{f' until {chosen.until}' if chosen.until else ''}; lift it with: pipeline hold"
        f" {reference} --lift"
    )
    return 0


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"'{text}' is no date; write it as 2027-06-30") from None
