"""Free TCP ports on loopback.

They are taken from below the range that Linux (32768 and up) and macOS (49152 and up) hand to outgoing connections: a
server that is killed and started again on its port finds it free, whatever the machine's clients do meanwhile.
"""

import random
import socket

LOOPBACK = "127.0.0.1"
FIRST, LAST = 20_000, 32_000


def free_ports(number: int) -> list[int]:
    """Return that many different ports on which nobody listens at the moment."""
    ports: list[int] = []
    dice = random.SystemRandom()
    while len(ports) < number:
        port = dice.randrange(FIRST, LAST)
        if port not in ports and _free(port):
            ports.append(port)
    return ports


def _free(port: int) -> bool:
    """Tell whether the port can be bound on loopback."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def accepts(port: int) -> bool:
    """Tell whether something on loopback accepts connections on the port."""
    try:
        socket.create_connection((LOOPBACK, port), timeout=1.0).close()
    except OSError:
        return False
    return True
