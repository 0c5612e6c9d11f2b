"""A clinic's own portal for tests: a web server of another origin that gives the pages it was told to give."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


class Portal(ThreadingHTTPServer):
    """The server; ``pages`` are given by their path."""

    pages: dict[str, str]

    @property
    def url(self) -> str:
        """Give its origin."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Answer(BaseHTTPRequestHandler):
    server: Portal

    def do_GET(self) -> None:
        """Give a page, under a policy that lets in nothing but the service's script."""
        body = self.server.pages.get(self.path)
        self.send_response(404 if body is None else 200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write((body or "").encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def portal() -> Iterator[Portal]:
    """Run a portal on a free port."""
    server = Portal(("127.0.0.1", 0), _Answer)
    server.pages = {}
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
