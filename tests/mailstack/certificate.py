"""A throw-away certificate authority and the servers' certificate for localhost and 127.0.0.1.

Takes in a directory; leaves ``ca.pem``, ``server.pem`` and ``server.key`` there.
"""

from dataclasses import dataclass
from pathlib import Path

import trustme


@dataclass(frozen=True)
class Certificate:
    """Where the PEM files are: the authority's certificate, the server's chain, the server's key."""

    ca: Path
    chain: Path
    key: Path


def make(directory: Path) -> Certificate:
    """Write a fresh authority and a certificate by it into directory; each stack trusts only its own."""
    authority = trustme.CA()
    server = authority.issue_cert("localhost", "127.0.0.1")
    made = Certificate(directory / "ca.pem", directory / "server.pem", directory / "server.key")
    authority.cert_pem.write_to_path(str(made.ca))
    made.chain.write_bytes(b"".join(blob.bytes() for blob in server.cert_chain_pems))
    made.key.touch(mode=0o600)
    made.key.write_bytes(server.private_key_pem.bytes())
    return made
