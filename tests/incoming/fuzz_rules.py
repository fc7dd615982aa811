"""Mutate the shipped rules and let what can still be read decide about mails.

`python -m tests.incoming.fuzz_rules --seconds 60 --seed 1`
"""

from __future__ import annotations

import sys
import time
import traceback
from pathlib import Path
from random import Random

from pipeline.config.rules import rules_from
from pipeline.errors import FileProblems
from pipeline.incoming import message, nature
from pipeline.incoming.mail import Mail, Standing
from pipeline.incoming.rules import Facts, decide, explain
from tests.incoming import samples
from tests.incoming.fuzz import FEWEST, Report, asked, mutated, told

SHIPPED = (Path(__file__).parents[2] / "inbox_rules.yaml").read_bytes()
WORDS = [
    b"(a+)+$", b"(.*)*b", b"not: ", b"all: [", b"any: ", b"regex: '", b"{glob: '*'}", b"then: leave", b"move: X",
    b"size: {over: 1 kB}", b"&a [*a]", b"!!python/name:os.system", b"\n  - name: B\n", b"\\b\\w*\\1", b"(?<=a)",
]  # fmt: skip


def fuzz(seconds: float, seed: int) -> Report:
    """Mutate, read and decide for so long, from this seed."""
    random, report = Random(seed), Report()
    mails = [message.read(make()) for make in samples.MAILS.values()]
    end = time.monotonic() + seconds
    while (report.runs < FEWEST or time.monotonic() < end) and len(report.failures) < 10:
        data = _mutated(random)
        begun = time.process_time()
        try:
            _decide(data, random.choice(mails))
            report.accepted += 1
        except FileProblems as refused:
            report.failures += [] if all(one.text for one in refused.problems) else [f"no advice: {data[:200]!r}"]
        except Exception:  # noqa: BLE001 - whatever a reader raises is what this looks for
            report.failures.append(f"run {report.runs}: {traceback.format_exc()}")
        report.slowest = max(report.slowest, time.process_time() - begun)
        report.runs += 1
    return report


def _mutated(random: Random) -> bytes:
    if random.random() < 0.5:
        return mutated(SHIPPED, random)
    lines = SHIPPED.split(b"\n")
    for _ in range(random.randint(1, 4)):
        at = random.randrange(len(lines))
        line = lines[at]
        cut = random.randrange(len(line) + 1)
        lines[at] = line[:cut] + random.choice(WORDS) + line[cut:]
    return b"\n".join(lines)


def _decide(data: bytes, mail: Mail) -> None:
    rules = rules_from(data, "nl")
    facts = Facts(mail, nature.of(mail, samples.COACH), Standing.UNPROVEN, known_sender=True, reply_to_us=False)
    decided = decide(rules, facts)
    explained = [one.name for one in explain(rules, facts, "nl") if one.decides]
    assert explained == ([decided.rule] if decided.rule else []), (explained, decided)


if __name__ == "__main__":
    chosen = asked()
    sys.exit(told(fuzz(chosen.seconds, chosen.seed)))
