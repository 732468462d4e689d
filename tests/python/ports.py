"""Takes a number; gives as many ports of 127.0.0.1 that nobody uses."""

import socket


def free_ports(count: int) -> list[int]:
    """All different: each is held until the last one is found."""
    sockets = [socket.socket() for _ in range(count)]
    for it in sockets:
        it.bind(("127.0.0.1", 0))
    ports = [it.getsockname()[1] for it in sockets]
    for it in sockets:
        it.close()
    return ports
