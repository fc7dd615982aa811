"""`init`, `check`, `doctor`, `password`: making a practice and seeing that it is sound."""

from __future__ import annotations

import getpass
import sys
from argparse import ArgumentParser, Namespace, _SubParsersAction
from pathlib import Path

from pipeline.errors import UsageError
from pipeline.practice import opened
from pipeline.press.shipped import lent
from pipeline.words import say


def add(commands: _SubParsersAction[ArgumentParser], shared: ArgumentParser) -> None:
    """Add the commands of this module."""
    init = commands.add_parser("init", help="make a practice folder")
    init.add_argument("folder", metavar="DIR", type=Path)
    init.set_defaults(command=_init)
    check = commands.add_parser("check", parents=[shared], help="check every file of the practice, without any server")
    check.set_defaults(command=_check)
    doctor = commands.add_parser("doctor", parents=[shared], help="try the mail account and this computer")
    doctor.set_defaults(command=_doctor)
    password = commands.add_parser("password", help="keep the password of a mail account (it is asked for)")
    password.add_argument("account", metavar="USER@HOST", help="as practice.yaml has it: the user, @, the host")
    password.set_defaults(command=_password)


def _init(chosen: Namespace) -> int:
    from pipeline.newpractice import make

    made = make(chosen.folder)
    print(f"{made} is a practice folder now. Next:")
    print(f"  1. write who you are in {made / 'practice.yaml'}")
    print(f"  2. pipeline check --practice {made}")
    print("  3. pipeline password USER@HOST   (once for each mail account)")
    print(f"  4. pipeline doctor --practice {made}")
    print(f"  5. pipeline run --practice {made}, and drop a client file in {made / 'drop' / 'clients'}")
    return 0


def _check(chosen: Namespace) -> int:
    from pipeline import checkup

    with opened(chosen.practice) as practice:
        problems = checkup.check(practice)
        for name in lent(practice.folder / "templates"):
            print(f"{checkup.NOTE} {say(practice.file.language, 'template_lent', name=name)}")
    print("\n".join(problems) or "everything in this practice folder is in order")
    return 65 if problems else 0


def _doctor(chosen: Namespace) -> int:
    from pipeline import checkup

    with opened(chosen.practice) as practice:
        findings = checkup.examine(practice)
    for finding in findings:
        print(f"{finding.mark} {finding.text}")
    return int(any(finding.mark == checkup.BAD for finding in findings))


def _password(chosen: Namespace) -> int:
    from pipeline.edges import secrets
    from pipeline.secret import Secret

    user, at, host = chosen.account.rpartition("@")
    if not (user and at and host):
        raise UsageError("type the account as USER@HOST, such as marjan@delinde.example@mail.delinde.example")
    typed = (
        getpass.getpass(f"Password of {chosen.account}: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    )
    if not typed:
        raise UsageError("no password was typed; nothing was changed")
    print(f"kept in {secrets.store(chosen.account, Secret(typed))}")
    return 0
