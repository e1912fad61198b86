"""Sockets forbidden in a process."""

from __future__ import annotations

import socket
import sys


def refuse(*_: object, **__: object) -> None:
    """Stands for everything that opens a connection."""
    raise AssertionError("a socket was opened")


class ForbiddenSocket(socket.socket):
    """A class still, since libraries inherit from it; but none can be made."""

    def __new__(cls, *_: object, **__: object) -> ForbiddenSocket:
        refuse()
        raise AssertionError


def audit(event: str, _: tuple[object, ...]) -> None:
    """Also sees what goes round the module `socket`, by `_socket` itself."""
    if event in {"socket.__new__", "socket.connect", "socket.getaddrinfo", "socket.bind"}:
        refuse()


def forbid() -> None:
    """Forbids sockets in this process, for good."""
    socket.socket = ForbiddenSocket  # type: ignore[misc]
    socket.create_connection = refuse  # type: ignore[assignment]
    socket.getaddrinfo = refuse  # type: ignore[assignment]
    sys.addaudithook(audit)
