"""`python -m tests.returns --count 500 --seed 1`: make returns, have them read, print what became of them."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from tests.returns import table
from tests.returns.papers import papers, pressed
from tests.returns.run import every
from tests.returns.truth import Channel


def main() -> int:
    """Make the returns and print the table."""
    wanted = _arguments()
    with pressed():
        papers()
    if wanted.keep:
        wanted.keep.mkdir(parents=True, exist_ok=True)
    jobs = [(wanted.seed, wanted.first + at, wanted.only, wanted.keep, wanted.unread) for at in range(wanted.count)]
    tally, truths = table.Tally(), []
    for done, (truth, outcome) in enumerate(every(jobs, wanted.workers), 1):
        truths.append(truth.as_data())
        if outcome is not None:
            tally.add(truth, outcome)
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{done}/{len(jobs)}")
    if wanted.keep:
        (wanted.keep / "truth.json").write_text(json.dumps(truths, indent=1), "utf-8")
    sys.stdout.write(f"{len(truths)} mails made\n" if wanted.unread else f"{tally.text()}\n")
    return 1 if tally.silent else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.returns", description=__doc__)
    parser.add_argument("--count", type=int, default=500, help="how many mails")
    parser.add_argument("--seed", type=int, default=1, help="another seed gives other mails, the same the same")
    parser.add_argument("--first", type=int, default=0, help="the number of the first mail, to look at one again")
    parser.add_argument("--keep", type=Path, help="write the mails (.eml) and truth.json into this folder")
    parser.add_argument("--only", type=Channel, choices=list(Channel), help="one channel only")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="how many at a time")
    parser.add_argument("--unread", action="store_true", help="make them only, have nothing read")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
