"""What a fault proxy does to the bytes passing through, and when.

Takes in rules and the stream of one connection; decides, and touches no socket.
"""

import re
from dataclasses import dataclass, field
from typing import Literal

Direction = Literal["to server", "to client"]
Action = Literal["reset", "close", "stall", "reply", "rewrite", "delay", "drop"]


@dataclass(eq=False)
class Rule:
    r"""One fault.

    It looks at bytes going in ``direction``: at each line that matches ``line`` (searched, CRLF included),
    or at the moment ``at_byte`` bytes have passed (since the connection began or the rule was added). With
    ``after`` it sleeps until a line of the other direction matches that; bytes then count from there, and
    it sleeps again once it has acted. Occasions are counted over all connections: ``skip`` of them pass,
    then it acts ``times`` times (None for ever).

    Actions, all before the line (or the byte) is passed on: ``reset`` and ``close`` both sides; ``stall``
    passes nothing more in this direction; ``reply`` answers ``text`` to the sender and the line goes no
    further; ``rewrite`` passes the line with the match replaced by ``text`` (``\1`` works in both);
    ``delay`` waits ``seconds``; ``drop`` passes the rest without this line. At a byte: reset, close, stall
    and delay only.
    """

    direction: Direction
    action: Action
    line: bytes | None = None
    at_byte: int | None = None
    after: bytes | None = None
    text: bytes = b""
    seconds: float = 0
    skip: int = 0
    times: int | None = 1
    acted: int = field(default=0, init=False)
    _seen: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        """Refuse with ValueError what could never act or is not defined."""
        if (self.line is None) == (self.at_byte is None):
            message = "a rule needs a line or a byte to act at, and not both"
            raise ValueError(message)
        if self.at_byte is not None and self.action in ("reply", "rewrite", "drop"):
            message = f"{self.action} needs a line"
            raise ValueError(message)

    def strike(self) -> bool:
        """Count an occasion, and say whether the rule acts on it."""
        self._seen += 1
        turn = self._seen - self.skip
        acts = turn > 0 and (self.times is None or turn <= self.times)
        self.acted += acts
        return acts


class Watch:
    """The rules of one connection: which are armed, and how many bytes each has seen pass."""

    def __init__(self, rules: list[Rule]) -> None:
        """Look at the proxy's list live, so that a rule added now acts on open connections."""
        self._rules = rules
        self._armed: set[Rule] = set()
        self._passed: dict[Rule, int] = {}

    def arm(self, direction: Direction, line: bytes) -> None:
        """Take note of a line; wakes rules of the other direction that wait for it."""
        for rule in list(self._rules):
            if rule.after is not None and rule.direction != direction and re.search(rule.after, line):
                self._armed.add(rule)
                self._passed[rule] = 0

    def line_rules(self, direction: Direction) -> list[Rule]:
        """Return the rules that look at the lines of a direction now, in order."""
        return [rule for rule in self._rules if rule.direction == direction and rule.line and self._awake(rule)]

    def acts_on(self, rule: Rule, line: bytes) -> bool:
        """Whether this line rule acts on this line; counts the occasion."""
        return bool(re.search(rule.line or b"", line)) and self._strike(rule)

    def byte_rule(self, direction: Direction, coming: int) -> tuple[Rule, int] | None:
        """Count that many coming bytes; return the rule that acts within them, and after how many of them."""
        for rule in list(self._rules):
            if rule.direction != direction or rule.at_byte is None or not self._awake(rule):
                continue
            before = self._passed.get(rule, 0)
            self._passed[rule] = before + coming
            if before <= rule.at_byte < before + coming and self._strike(rule):
                return rule, rule.at_byte - before
        return None

    def _awake(self, rule: Rule) -> bool:
        return rule.after is None or rule in self._armed

    def _strike(self, rule: Rule) -> bool:
        self._armed.discard(rule)
        return rule.strike()


def lost_reply(to: bytes, reply: bytes, *, action: Action = "reset", times: int | None = 1) -> Rule:
    """Return a rule that loses the server's reply to a client's line: done there, unknown here."""
    return Rule("to client", action, line=reply, after=to, times=times)


def lost_ack(*, action: Action = "reset", times: int | None = 1) -> Rule:
    """Return a rule that loses the 250 after SMTP's final dot: delivered, though the client sees an error."""
    return lost_reply(rb"^\.\r\n$", rb"^250", action=action, times=times)


def lost_imap_ok(command: bytes, *, action: Action = "reset", times: int | None = 1) -> Rule:
    """Return a rule that loses the tagged OK of an IMAP command such as ``b"APPEND"`` or ``b"UID MOVE"``."""
    return lost_reply(rb"^\S+ (UID )?" + command + rb"\b", rb"^[A-Za-z0-9]+ OK", action=action, times=times)


def hide_capability(*names: bytes) -> list[Rule]:
    """Return rules that take these IMAP capabilities out of every announcement."""
    # The marker ahead keeps the rule to announcements: untagged CAPABILITY or the code in OK and PREAUTH.
    pattern = rb"(CAPABILITY\b[^\]\r]*?) %b(?=[ \]\r])"
    return [Rule("to client", "rewrite", line=pattern % name, text=rb"\1", times=None) for name in names]


def deny(command: bytes) -> Rule:
    """Return a rule that answers BAD to an IMAP command, which the server never sees."""
    line = rb"^(\S+) %b\b.*\r\n" % command
    return Rule("to server", "reply", line=line, text=rb"\1 BAD Unknown command\r\n", times=None)
