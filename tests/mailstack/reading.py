"""Reading a mailbox for a test, with a few imapclient calls.

Takes in a connection; changes nothing in the mailbox but where a function's name says so.
"""

import contextlib
import socket
import ssl
from typing import cast

from imapclient import IMAPClient

from tests.mailstack.ports import HOST

# imapclient writes every UID out, and Dovecot refuses lines over 64 KB.
_AT_ONCE = 500


def logged_in(port: int, address: str, password: str, tls: ssl.SSLContext | None) -> IMAPClient:
    """Return a connection to 127.0.0.1, logged in; over TLS when a context is given. 30 seconds' patience."""
    client = IMAPClient(HOST, port, ssl=tls is not None, ssl_context=tls, timeout=30)
    # imaplib sends SEARCH and APPEND in two pieces; with Nagle's algorithm each would wait 40 ms.
    client.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        client.login(address, password)
    except BaseException:
        with contextlib.suppress(OSError, IMAPClient.Error):
            client.shutdown()
        raise
    return client


def message_count(client: IMAPClient, folder: str) -> int:
    """Return how many messages the folder holds now; 0 when there is no such folder."""
    if not client.folder_exists(folder):
        return 0
    # STATUS of a folder this connection has not selected: of the selected one Dovecot tells old news.
    return int(client.folder_status(folder, ["MESSAGES"])[b"MESSAGES"])


def all_messages(client: IMAPClient, folder: str) -> list[bytes]:
    """Return the folder's messages by rising UID, without marking them seen; [] without such a folder."""
    if not client.folder_exists(folder):
        return []
    client.select_folder(folder, readonly=True)
    uids = sorted(client.search("ALL"))
    found: list[bytes] = []
    for start in range(0, len(uids), _AT_ONCE):
        some = uids[start : start + _AT_ONCE]
        answer = client.fetch(some, ["BODY.PEEK[]"])
        found += [cast("bytes", answer[uid][b"BODY[]"]) for uid in some]
    return found


def drop_extra_folders(client: IMAPClient, keep: set[str]) -> None:
    """Delete every real folder but INBOX and those to keep, with their messages."""
    # The deepest first, or a folder would stay as the mere parent of its children.
    for flags, _separator, name in sorted(client.list_folders(), key=lambda entry: str(entry[2]), reverse=True):
        folder = str(name)
        if folder == "INBOX" or folder in keep or b"\\Noselect" in flags or folder.startswith("[Gmail]/All"):
            continue
        client.delete_folder(folder)
