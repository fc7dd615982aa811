"""Mutate real mails and read them: `python -m tests.incoming.fuzz --seconds 60 --seed 1`.

Prints how many were read, the slowest, and each that raised or went beyond its bounds (then the exit code is 1).
"""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from pipeline.incoming import bounces, message, nature, sender
from pipeline.incoming.answers.own_text import own_text
from pipeline.incoming.mail import Mail, Standing
from pipeline.model import Nature
from pipeline.words import LANGUAGES
from tests.incoming import samples

PROVIDER = "mx.practice.example"
FEWEST = 3
"""How often a reader is tried at least, however slow the computer."""
PIECES = [
    *[b"\r\n", b"\n", b"\0", b"\r", b"--", b": ", b";", b'"', b"(", b")", b"<", b">", b"=?utf-8?b?", b"?=", b"\xff"],
    *[
        b"\r\n\r\n",
        b"Content-Type: message/rfc822\r\n\r\n",
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n",
    ],
    *[b"Content-Transfer-Encoding: base64\r\n", b"Content-Transfer-Encoding: x-uuencode\r\n", b"charset=utf-7"],
    *[b"filename*0*=", b"%00%ff", b"PK\x03\x04", b"\x78\x9f\x3e\x22", b"\x30\x80", b"<blockquote>", b"<!--", b"&#9"],
    *[b"Op 1-1-2025 10:00 schreef x:\r\n", b"Van: x\r\nVerzonden: y\r\nAan: z\r\n", b"Date: Tue, 99 Foo 0 +99999\r\n"],
]


def mutated(raw: bytes, random: object) -> bytes:
    """Give a mail with a few octets flipped, pieces put in, taken out, doubled, or the end cut off."""
    assert isinstance(random, Random)
    changed = bytearray(raw)
    for _ in range(random.randint(1, 8)):
        at = random.randrange(len(changed) + 1)
        length = random.choice([1, 2, 8, 64, 512])
        way = random.randrange(6)
        if way == 0 and at < len(changed):
            changed[at] ^= 1 << random.randrange(8)
        elif way == 1:
            changed[at:at] = random.choice(PIECES) * random.choice([1, 1, 1, 3, 50])
        elif way == 2:
            del changed[at : at + length]
        elif way == 3:
            changed[at:at] = changed[at : at + length] * random.choice([1, 2, 20])
        elif way == 4:
            changed[at : at + length] = random.randbytes(length)
        elif random.random() < 0.2:
            del changed[at:]
    return bytes(changed)


def beyond_bounds(mail: Mail) -> list[str]:
    """Give what of a mail is larger or other than promised."""
    checks = {
        "headers": len(mail.headers) <= 500 and all(len(text) <= 4_000 for _, text in mail.headers),
        "text": len(mail.text) <= 200_000,
        "subject": len(mail.subject) <= 1_000 and "\n" not in mail.subject,
        "files": len(mail.files) <= 100 and sum(len(file.data) for file in mail.files) <= 60_000_000,
        "names": all(len(file.name) <= 120 and "/" not in file.name for file in mail.files),
        "printable names": all(file.name.isprintable() for file in mail.files),
        "unread": len(mail.unread) <= 100 and all(word in LANGUAGES["nl"] for word, _ in mail.unread),
        "message ids": all(_plain(word) for word in (mail.message_id, *mail.in_reply_to, *mail.references) if word),
        "many ids": len(mail.references) <= 100 and len(mail.in_reply_to) <= 100,
        "sender": mail.sender == "" or (mail.sender.count("@") == 1 and mail.sender.isprintable()),
        "recipients": len(mail.recipients) <= 100,
        "no nul": all("\0" not in text for text in (mail.text, mail.subject, mail.sender_name)),
        "encodable": bool((mail.text + mail.subject + mail.sender_name + repr(mail.unread)).encode() or True),
    }
    return [name for name, holds in checks.items() if not holds]


def _plain(word: str) -> bool:
    return len(word) <= 300 and word.isascii() and word.isprintable() and not set(" \"'\\") & set(word)


def read_all(raw: bytes) -> list[str]:
    """Let every reader read a mail; gives what is wrong with what they made of it."""
    mail = message.read(raw)
    wrong = beyond_bounds(mail)
    kind = nature.of(mail, samples.COACH)
    bounce = bounces.of(mail)
    if bounce is not None and kind not in {Nature.BOUNCE, Nature.OWN, Nature.RECEIPT}:
        wrong.append("a bounce is no bounce")
    if sender.standing(mail, None) is not Standing.UNPROVEN:
        wrong.append("proven without a provider")
    if sender.standing(mail, PROVIDER) is Standing.AUTHENTICATED and not mail.sender:
        wrong.append("nobody was authenticated")
    if len(own_text(mail.text)) > len(mail.text):
        wrong.append("own text is longer than the text")
    return wrong


@dataclass
class Report:
    """How it went: how many were read, of these how many were good, the slowest in seconds, what went wrong."""

    runs: int = 0
    accepted: int = 0
    slowest: float = 0.0
    failures: list[str] = field(default_factory=list)


def fuzz(seconds: float, seed: int, read: Callable[[bytes], list[str]] = read_all, like: str = "") -> Report:
    """Mutate and read for so long and at least `FEWEST` times, from this seed; only samples whose name holds `like`."""
    random, report = Random(seed), Report()
    seeds = [make() for name, make in samples.MAILS.items() if like in name]
    end = time.monotonic() + seconds
    while (report.runs < FEWEST or time.monotonic() < end) and len(report.failures) < 10:
        raw = mutated(random.choice(seeds), random)
        if random.random() < 0.2:
            raw = mutated(raw, random)
        begun = time.process_time()
        try:
            report.failures += [f"run {report.runs}: {wrong}: {raw[:200]!r}" for wrong in read(raw)]
        except Exception:  # noqa: BLE001 - whatever a reader raises is what this looks for
            report.failures.append(f"run {report.runs}: {traceback.format_exc()}")
        report.slowest = max(report.slowest, time.process_time() - begun)
        report.runs += 1
    return report


def asked() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def told(report: Report) -> int:
    """Print how it went; gives the exit code."""
    accepted = f", {report.accepted} of them good" if report.accepted else ""
    print(f"{report.runs} read{accepted}, the slowest in {report.slowest:.3f} s, {len(report.failures)} failures")  # noqa: T201 - this is a command
    for failure in report.failures:
        print(failure)  # noqa: T201 - this is a command
    return 1 if report.failures else 0


if __name__ == "__main__":
    chosen = asked()
    sys.exit(told(fuzz(chosen.seconds, chosen.seed)))
