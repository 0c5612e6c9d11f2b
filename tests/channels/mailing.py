"""A mail server on this machine that says at each step what it is told to, or nothing, or far too much."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

Saying = bytes | Callable[["Postbox", socket.socket], None]
"""What is said at a step: some bytes, or whatever this does."""
POLITE: dict[str, Saying] = {
    "connect": b"220 post.example\r\n",
    "EHLO": b"250-post.example\r\n250 8BITMIME\r\n",
    "DATA": b"354 go on\r\n",
    "text": b"250 taken\r\n",
    "QUIT": b"221 bye\r\n",
}


class HungUpError(Exception):
    """The server has had enough."""


def hang_up(_: Postbox, __: socket.socket) -> None:
    """Close without a word."""
    raise HungUpError


def hang(postbox: Postbox, _: socket.socket) -> None:
    """Say nothing for a long time."""
    postbox.stop.wait(10)


def drip(postbox: Postbox, connection: socket.socket) -> None:
    """Say a byte, wait, say a byte."""
    for sign in b"250-" + b"x" * 4000:
        if postbox.stop.wait(0.05):
            return
        connection.sendall(bytes([sign]))


def flood(postbox: Postbox, connection: socket.socket) -> None:
    """Say line after line, 2 GB at most, until nobody listens any more."""
    block = b"250-x\r\n" * 8000
    while postbox.flooded < 2**31 and not postbox.stop.is_set():
        connection.sendall(block)
        postbox.flooded += len(block)


@dataclass
class Postbox:
    """What was taken, and what is said at each step where that is not what is usual."""

    says: dict[str, Saying] = field(default_factory=dict)
    port: int = 0
    taken: list[bytes] = field(default_factory=list)
    connects: int = 0
    flooded: int = 0
    stop: threading.Event = field(default_factory=threading.Event)

    def say(self, connection: socket.socket, step: str) -> None:
        """Say what is to be said at a step."""
        saying = self.says.get(step, POLITE.get(step, b"250 well\r\n"))
        if isinstance(saying, bytes):
            connection.sendall(saying)
        else:
            saying(self, connection)

    def serve(self, connection: socket.socket) -> None:
        """Talk with one client until it goes or is sent away."""
        connection.settimeout(5)
        self.say(connection, "connect")
        text: list[bytes] | None = None
        for line in connection.makefile("rb"):
            if text is None:
                step = line[:8].split()[0].decode("ascii", "replace").upper()
                self.say(connection, step)
                text = [] if step == "DATA" and self.says.get("DATA") is None else None
                if step == "QUIT":
                    return
            elif line != b".\r\n":
                text.append(line)
            else:
                if self.says.get("text") is None:
                    self.taken.append(b"".join(text))
                text = None
                self.say(connection, "text")


@contextmanager
def posting(**says: Saying) -> Iterator[Postbox]:
    """Listen for as long as the block takes."""
    postbox = Postbox(says)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        postbox.port = listening.getsockname()[1]

        def loop() -> None:
            while not postbox.stop.is_set():
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                postbox.connects += 1
                with connection, suppress(OSError, HungUpError):
                    postbox.serve(connection)

        thread = threading.Thread(target=loop)
        thread.start()
        try:
            yield postbox
        finally:
            postbox.stop.set()
            with suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)  # or it would wait for whoever comes next
            thread.join()
