"""Free ports on loopback, and the question whether our own server is the one answering there.

Takes in nothing but the state of the machine; leaves no socket open.
"""

import random
import socket
import time
from collections.abc import Callable

HOST = "127.0.0.1"

# Below the range outgoing connections take (net.ipv4.ip_local_port_range starts at 32768): a port from
# bind(0) is now and then taken by somebody's outgoing connection before the server binds it.
_FIRST, _LAST = 10_000, 31_999
_ADDRESS_TAKEN = "Address already in use"
_ATTEMPTS = 6


class PortTakenError(RuntimeError):
    """Somebody else took a port between our look and the server's bind; another draw will do."""


def free_ports(count: int) -> list[int]:
    """Return that many different TCP ports of 127.0.0.1, 10000 to 31999, that nobody listens on now."""
    # Not the module's generator: a test that seeds it would draw the same ports in each worker.
    draw = random.SystemRandom()
    found: list[int] = []
    while len(found) < count:
        port = draw.randint(_FIRST, _LAST)
        if port not in found and _is_free(port):
            found.append(port)
    return found


def with_free_ports(count: int, start: Callable[[list[int]], None]) -> None:
    """Call start with free ports, and with others when it raises PortTakenError; gives up after six draws."""
    for attempt in range(_ATTEMPTS):
        try:
            start(free_ports(count))
        except PortTakenError:
            if attempt == _ATTEMPTS - 1:
                raise
        else:
            return


def wait_for_greeting(port: int, token: str, alive: Callable[[], bool], log: Callable[[], str]) -> None:
    """Return when the server on port greets with our token in its first line.

    PortTakenError when the server died for want of the port; RuntimeError with the log when it died of
    something else or said nothing for 10 seconds. The token tells our server from a stranger that took the
    port before us.
    """
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if token in _first_line(port):
            return
        if not alive():
            text = log()
            error = PortTakenError if _ADDRESS_TAKEN in text else RuntimeError
            message = f"the mail server did not start:\n{text}"
            raise error(message)
        time.sleep(0.005)
    message = f"the mail server on port {port} did not greet:\n{log()}"
    raise RuntimeError(message)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _first_line(port: int) -> str:
    try:
        with socket.create_connection((HOST, port), timeout=2) as line:
            return line.recv(512).decode("ascii", "replace")
    except OSError:
        return ""
