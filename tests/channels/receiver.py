"""An HTTP receiver on this machine that behaves as badly as it is asked to."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

Way = Callable[["Receiver", socket.socket], None]
"""One way to answer a request that was read."""
BLOCK = b"0" * 65536


def hang(receiver: Receiver, _: socket.socket) -> None:
    """Say nothing for a long time."""
    receiver.stop.wait(10)


def hang_up(_: Receiver, connection: socket.socket) -> None:
    """Close without a word."""
    connection.shutdown(socket.SHUT_RDWR)


def say(*parts: bytes) -> Way:
    """Say this, and close."""

    def answer(_: Receiver, connection: socket.socket) -> None:
        for part in parts:
            connection.sendall(part)

    return answer


def reset(_: Receiver, connection: socket.socket) -> None:
    """Close in the middle of a word, so that the other side hears of it as of a fault."""
    connection.sendall(b"HTTP/1.1 200")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")


def drip(receiver: Receiver, connection: socket.socket) -> None:
    """Say a byte, wait, say a byte; for much longer than anybody should listen."""
    for sign in b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 1000:
        if receiver.stop.wait(0.05):
            return
        connection.sendall(bytes([sign]))


def flood(head: bytes, block: bytes = BLOCK) -> Way:
    """Say a head, and then the same block again and again until nobody listens any more: 2 GB at most."""

    def answer(receiver: Receiver, connection: socket.socket) -> None:
        connection.sendall(head)
        try:
            while receiver.flooded < 2**31 and not receiver.stop.is_set():
                connection.sendall(block)
                receiver.flooded += len(block)
        except OSError:
            receiver.left_alone += 1

    return answer


WAYS: dict[str, Way] = {
    "hang": hang,
    "half": say(b"HTTP/1.1 20"),
    "drip": drip,
    "flood": flood(b"HTTP/1.1 200 OK\r\ncontent-length: 2147483648\r\n\r\n"),
}


@dataclass
class Receiver:
    """What came in, and how the next request is answered: by its path, or else in the way that was asked for."""

    port: int = 0
    requests: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answer: bytes = b"HTTP/1.1 204 No Content\r\n\r\n"
    way: str = "answer"
    ways: dict[str, Way] = field(default_factory=dict)
    connects: int = 0
    flooded: int = 0
    """Bytes of floods that were sent."""
    left_alone: int = 0
    """Floods in whose middle the other side closed the connection."""
    stop: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        """Give its address."""
        return f"http://127.0.0.1:{self.port}/hook"

    def serve(self, connection: socket.socket) -> None:
        """Read one request, and answer it."""
        connection.settimeout(5)
        data = b""
        while b"\r\n\r\n" not in data:
            data += connection.recv(65536)
            if not data or data[0] == TLS_HELLO:
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                return
        head, _, body = data.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        while len(body) < int(headers.get("content-length", "0")):
            body += connection.recv(65536)
        self.requests.append((headers, body))
        way = self.ways.get(first.split()[1]) or WAYS.get(self.way) or say(self.answer)
        way(self, connection)


TLS_HELLO = 0x16
MOST_AT_ONCE = 64


@contextmanager
def receiving(port: int = 0, host: str = "127.0.0.1", *, tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """Listen for as long as the block takes."""
    receiver = Receiver()
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, port), family=family) as listening:
        receiver.port = listening.getsockname()[1]

        def answer(connection: socket.socket) -> None:
            with connection, suppress(OSError):
                if tls is None:
                    receiver.serve(connection)
                else:
                    with tls.wrap_socket(connection, server_side=True) as encrypted:
                        receiver.serve(encrypted)

        def loop() -> None:
            with ThreadPoolExecutor(MOST_AT_ONCE) as pool:
                while not receiver.stop.is_set():
                    try:
                        connection, _ = listening.accept()
                    except OSError:
                        return
                    receiver.connects += 1
                    pool.submit(answer, connection)

        thread = threading.Thread(target=loop)
        thread.start()
        try:
            yield receiver
        finally:
            receiver.stop.set()
            with suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)  # or it would wait for whoever comes next
            thread.join()
