"""Delivery by LMTP (RFC 2033) to a port of 127.0.0.1.

Takes in bytes; leaves a message in somebody's mailbox.
"""

import re
import smtplib

from tests.mailstack.ports import HOST

_LONE_LF = re.compile(rb"(?<!\r)\n")


def deliver(port: int, address: str, raw: bytes, *, sender: str = "") -> str:
    """Deliver raw to the address; return "" when taken, else the refusal such as "550 5.1.1 ...".

    Lone LF become CRLF, as a message on the wire has them (RFC 5321, 2.3.8).
    """
    # One recipient each: after DATA an LMTP server answers once per recipient; smtplib reads one answer.
    with smtplib.LMTP(HOST, port, timeout=30) as line:
        try:
            line.sendmail(sender, [address], _LONE_LF.sub(b"\r\n", raw))
        except smtplib.SMTPRecipientsRefused as refused:
            code, text = refused.recipients[address]
            return _answer(code, text)
        except smtplib.SMTPResponseException as refused:
            return _answer(refused.smtp_code, refused.smtp_error)
    return ""


def _answer(code: int, text: bytes | str) -> str:
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return f"{code} {' '.join(words.split())}"
