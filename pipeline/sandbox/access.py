"""Commands around the mailbox work itself: what the server can do, who the client is, waiting and leaving.

CAPABILITY, NOOP, ID, LOGIN, AUTHENTICATE, LOGOUT (RFC 3501 sections 6.1 and 6.2, RFC 2971), ENABLE (RFC
5161), NAMESPACE (RFC 2342), IDLE (RFC 2177). Takes in a session and arguments, leaves behind the session's
state.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
from typing import TYPE_CHECKING, Any

from pipeline.sandbox.arguments import RefusedError, words
from pipeline.sandbox.channel import MAX_MAIL
from pipeline.sandbox.wire import BadSyntaxError, Token

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline.sandbox.session import Session

CAPABILITY = (
    b"IMAP4rev1 LITERAL+ SASL-IR AUTH=PLAIN ID ENABLE IDLE NAMESPACE UIDPLUS MOVE UNSELECT CHILDREN SPECIAL-USE"
)


def check_password(accounts: Mapping[str, str], login: str, password: str) -> str:
    """Give the account's address when its login (in any case) and password are right.

    Else an empty string.
    """
    account = login.lower()
    expected = accounts.get(account)
    right = hmac.compare_digest((expected or "").encode(), password.encode())
    return account if right and expected is not None else ""


async def _capability(session: Session, arguments: list[Token]) -> str:
    words(arguments, 0)
    session.channel.send(b"* CAPABILITY " + CAPABILITY + b"\r\n")
    return "Capability completed."


async def _noop(_: Session, arguments: list[Token]) -> str:
    words(arguments, 0)
    return "NOOP completed."


async def _id(session: Session, _: list[Token]) -> str:
    session.channel.send(b'* ID ("name" "pipeline sandbox")\r\n')
    return "ID completed."


async def _logout(session: Session, arguments: list[Token]) -> str:
    words(arguments, 0)
    session.deselect()
    session.channel.send(b"* BYE Logging out\r\n")
    session.ended = True
    return "Logout completed."


async def _login(session: Session, arguments: list[Token]) -> str:
    login, password = words(arguments, 2)
    return _admit(session, login.value, password.value)


async def _authenticate(session: Session, arguments: list[Token]) -> str:
    mechanism, *initial = words(arguments, len(arguments))
    if mechanism.keyword != "PLAIN" or len(initial) > 1:
        message = "Unsupported authentication mechanism."
        raise RefusedError(message)
    response = initial[0].value if initial else await _ask(session)
    try:
        _, login, password = base64.b64decode(response, validate=True).split(b"\0")
    except (binascii.Error, ValueError) as error:
        message = "Invalid base64 or PLAIN response (or authentication aborted)"
        raise BadSyntaxError(message) from error
    return _admit(session, login, password)


async def _ask(session: Session) -> bytes:
    session.channel.send(b"+ \r\n")
    return await session.channel.line()


def _admit(session: Session, login: bytes, password: bytes) -> str:
    account = check_password(
        session.site.accounts, login.decode("utf-8", "replace"), password.decode("utf-8", "replace")
    )
    if not account:
        message = "[AUTHENTICATIONFAILED] Authentication failed."
        raise RefusedError(message)
    session.account = account
    session.channel.max_literals = MAX_MAIL
    return f"[CAPABILITY {CAPABILITY.decode()}] Logged in"


async def _enable(session: Session, arguments: list[Token]) -> str:
    if not words(arguments, len(arguments)):
        message = "Missing arguments"
        raise BadSyntaxError(message)
    session.channel.send(b"* ENABLED\r\n")
    return "Enabled."


async def _namespace(session: Session, arguments: list[Token]) -> str:
    words(arguments, 0)
    session.channel.send(b'* NAMESPACE (("" "/")) NIL NIL\r\n')
    return "Namespace completed."


async def _idle(session: Session, arguments: list[Token]) -> str:
    words(arguments, 0)
    session.channel.send(b"+ idling\r\n")
    line = asyncio.ensure_future(session.channel.line())
    try:
        while not line.done():
            await _tell_or_wait(session, line)
    finally:
        line.cancel()
    if line.result().upper() != b"DONE":
        message = "Expected DONE"
        raise BadSyntaxError(message)
    return "Idle completed."


async def _tell_or_wait(session: Session, line: asyncio.Future[Any]) -> None:
    """Tell what is new in the selected mailbox, then wait for more of it or for the client's next line."""
    news = session.view.news if session.view else asyncio.Event()
    waiting: asyncio.Future[Any] = asyncio.ensure_future(news.wait())
    try:
        await asyncio.wait([line, waiting], return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
    if session.view and session.view.gone:
        message = "Selected mailbox was deleted."
        raise RefusedError(message)
    if session.view:
        session.channel.send(session.view.report(expunges=True))
        await session.channel.drain()


ANYWHERE = {"CAPABILITY": _capability, "NOOP": _noop, "ID": _id, "LOGOUT": _logout}
BEFORE_LOGIN = {"LOGIN": _login, "AUTHENTICATE": _authenticate}
LOGGED_IN = {"ENABLE": _enable, "NAMESPACE": _namespace, "IDLE": _idle}
