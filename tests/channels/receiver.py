"""An HTTP receiver on this machine that behaves as badly as it is asked to."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field


@dataclass
class Receiver:
    """What came in, and how the next request is answered."""

    port: int = 0
    requests: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answer: bytes = b"HTTP/1.1 204 No Content\r\n\r\n"
    way: str = "answer"
    connects: int = 0
    stop: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        """Give its address."""
        return f"http://127.0.0.1:{self.port}/hook"

    def serve(self, connection: socket.socket) -> None:
        """Read one request, and answer it in the way that was asked for."""
        connection.settimeout(5)
        data = b""
        while b"\r\n\r\n" not in data:
            data += connection.recv(65536)
        head, _, body = data.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")[1:]
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        while len(body) < int(headers.get("content-length", "0")):
            body += connection.recv(65536)
        self.requests.append((headers, body))
        match self.way:
            case "hang":
                self.stop.wait(10)
            case "half":
                connection.sendall(b"HTTP/1.1 20")
            case "drip":
                for sign in b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 1000:
                    if self.stop.wait(0.05):
                        return
                    connection.sendall(bytes([sign]))
            case "flood":
                connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2147483648\r\n\r\n")
                block = b"0" * 65536
                while not self.stop.is_set():
                    connection.sendall(block)
            case _:
                connection.sendall(self.answer)


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Listen for as long as the block takes."""
    receiver = Receiver()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        receiver.port = listening.getsockname()[1]
        listening.settimeout(0.1)

        def loop() -> None:
            while not receiver.stop.is_set():
                try:
                    connection, _ = listening.accept()
                except TimeoutError:
                    continue
                except OSError:
                    return
                receiver.connects += 1
                with connection, suppress(OSError):
                    receiver.serve(connection)

        thread = threading.Thread(target=loop)
        thread.start()
        try:
            yield receiver
        finally:
            receiver.stop.set()
            thread.join()
            time.sleep(0)
