"""How the program and a confined process talk: a JSON head and a body of bytes, each after its length."""

from __future__ import annotations

import json
import socket
import struct
from typing import Any

MOST_BYTES = 64 * 1024 * 1024
LENGTHS = struct.Struct("!II")


def send(wire: socket.socket, head: dict[str, Any], body: bytes = b"") -> None:
    """Send one message."""
    data = json.dumps(head).encode()
    wire.sendall(LENGTHS.pack(len(data), len(body)) + data + body)


def receive(wire: socket.socket) -> tuple[dict[str, Any], bytes] | None:
    """Receive one message, or None when the other side is gone; raises `TimeoutError` as the socket is set."""
    lengths = _exactly(wire, LENGTHS.size)
    if lengths is None:
        return None
    head_size, body_size = LENGTHS.unpack(lengths)
    if head_size + body_size > MOST_BYTES:
        raise ValueError("a message of a confined process is larger than any document")
    head, body = _exactly(wire, head_size), _exactly(wire, body_size)
    return None if head is None or body is None else (json.loads(head), body)


def _exactly(wire: socket.socket, size: int) -> bytes | None:
    parts = bytearray()
    while len(parts) < size:
        part = wire.recv(min(size - len(parts), 1 << 20))
        if not part:
            return None
        parts += part
    return bytes(parts)
