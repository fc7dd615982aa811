"""ENVELOPE and BODYSTRUCTURE: what a mail is, told without sending it.

Takes in a `Part`, leaves behind the bytes of the answer (RFC 3501 section 7.4.2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.sandbox.addresses import Address, parse_addresses
from pipeline.sandbox.headers import Fields, Value, parse_value
from pipeline.sandbox.wire import nstring, quote

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipeline.sandbox.mime import Part

# RFC 3501: "the server sets Sender and Reply-To from From" when they are absent or empty.
_ADDRESS_FIELDS = (b"from", b"sender", b"reply-to", b"to", b"cc", b"bcc")
_DEFAULT_TO_FROM = (b"sender", b"reply-to")


def envelope(fields: Fields) -> bytes:
    """Write the ENVELOPE of a header."""
    return _list(
        [
            nstring(fields.get(b"date")),
            nstring(fields.get(b"subject")),
            *(_addresses(fields, name) for name in _ADDRESS_FIELDS),
            nstring(fields.get(b"in-reply-to")),
            nstring(fields.get(b"message-id")),
        ]
    )


def _addresses(fields: Fields, name: bytes) -> bytes:
    found = [address for value in fields.all(name) for address in parse_addresses(value)]
    if not found and name in _DEFAULT_TO_FROM:
        return _addresses(fields, b"from")
    return b"(" + b"".join(_address(address) for address in found) + b")" if found else b"NIL"


def _address(address: Address) -> bytes:
    return _list([nstring(address.name), b"NIL", nstring(address.mailbox), nstring(address.host)])


def body_structure(part: Part, *, extended: bool) -> bytes:
    """Write the BODYSTRUCTURE of a mail or part, or BODY's short form of it when not `extended`."""
    if part.multipart:
        subtype = part.type.text.partition("/")[2]
        inner = b"".join(body_structure(child, extended=extended) for child in part.parts) or _EMPTY[extended]
        extension = [_parameters(part.type.parameters), *_extension(part)] if extended else []
        return _list([inner, quote(subtype.encode()), *extension])
    extension = [nstring(part.fields.get(b"content-md5")), *_extension(part)] if extended else []
    return _list([*_leaf(part, extended=extended), *extension])


# A multipart must have a part; this stands for the missing one.
_EMPTY = {
    False: b'("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 0 0)',
    True: b'("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 0 0 NIL NIL NIL NIL)',
}


def _leaf(part: Part, *, extended: bool) -> Iterable[bytes]:
    main, _, subtype = part.type.text.partition("/")
    encoding = parse_value(part.fields.get(b"content-transfer-encoding") or b"")
    yield quote(main.encode())
    yield quote(subtype.encode())
    # A text without a charset is US-ASCII, and real servers say so (RFC 2046 section 4.1.2).
    default = {"charset": b"us-ascii"} if main == "text" and "charset" not in part.type.parameters else {}
    yield _parameters(part.type.parameters | default)
    yield nstring(part.fields.get(b"content-id"))
    yield nstring(part.fields.get(b"content-description"))
    yield quote(encoding.text.encode() if encoding else b"7bit")
    yield b"%d" % len(part.content)
    if part.message:
        yield envelope(part.message.fields)
        yield body_structure(part.message, extended=extended)
    if part.message or main == "text":
        yield b"%d" % part.content.count(b"\n")


def _extension(part: Part) -> Iterable[bytes]:
    disposition = parse_value(part.fields.get(b"content-disposition") or b"")
    yield _disposition(disposition) if disposition else b"NIL"
    yield _languages(part.fields.get(b"content-language"))
    yield nstring(part.fields.get(b"content-location"))


def _disposition(value: Value) -> bytes:
    return _list([quote(value.text.encode()), _parameters(value.parameters)])


def _languages(value: bytes | None) -> bytes:
    tags = [tag.strip() for tag in (value or b"").split(b",") if tag.strip()]
    return _list(quote(tag) for tag in tags) if tags else b"NIL"


def _parameters(parameters: dict[str, bytes]) -> bytes:
    pairs = [quote(name.encode()) + b" " + quote(value) for name, value in parameters.items()]
    return _list(pairs) if pairs else b"NIL"


def _list(items: Iterable[bytes]) -> bytes:
    return b"(" + b" ".join(items) + b")"
