"""An identity provider on this machine, for the tests: discovery, keys and tokens over real HTTP, and ways to fail.

Tokens and key sets are made by hand with ``cryptography``, so that also those can be made that no library would make.
"""

from __future__ import annotations

import hashlib
import json
import ssl
import threading
import time
from base64 import urlsafe_b64encode
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

Json = dict[str, Any]
Private = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
AUDIENCE = "prep-tracker-aster"
DISCOVERY, JWKS, TOKEN = "/.well-known/openid-configuration", "/keys", "/token"


def b64(data: bytes | str | Json) -> str:
    """Write base64url; what is no bytes yet becomes JSON or UTF-8 first."""
    if isinstance(data, dict):
        data = json.dumps(data)
    given = data.encode() if isinstance(data, str) else data
    return urlsafe_b64encode(given).rstrip(b"=").decode()


@cache
def key(name: str) -> Private:
    """Make a key once for all tests; its kind is what its name begins with."""
    if name.startswith("rsa"):
        return rsa.generate_private_key(65537, 1024 if "short" in name else 2048)
    if name.startswith("ec"):
        return ec.generate_private_key(ec.SECP384R1() if "384" in name else ec.SECP256R1())
    return ed25519.Ed25519PrivateKey.generate()


def jwk(name: str, **also: object) -> Json:
    """Give the public half of a key as providers publish it, under its name."""
    match key(name).public_key():
        case rsa.RSAPublicKey() as public:
            numbers = public.public_numbers()
            told = {"kty": "RSA", "n": _number(numbers.n), "e": _number(numbers.e)}
        case ec.EllipticCurvePublicKey() as public:
            point = public.public_numbers()
            size = (public.curve.key_size + 7) // 8
            told = {"kty": "EC", "crv": f"P-{public.curve.key_size}"}
            told |= {"x": b64(point.x.to_bytes(size, "big")), "y": b64(point.y.to_bytes(size, "big"))}
        case other:
            raw = other.public_bytes(Encoding.Raw, PublicFormat.Raw)
            told = {"kty": "OKP", "crv": "Ed25519", "x": b64(raw)}
    return {**told, "kid": name, "use": "sig", **also}


def _number(number: int) -> str:
    return b64(number.to_bytes((number.bit_length() + 7) // 8, "big"))


def sign(name: str, algorithm: str, signed: bytes) -> bytes:
    """Sign as an algorithm says (RFC 7518, section 3; RFC 8037, section 3.1)."""
    match key(name):
        case rsa.RSAPrivateKey() as private:
            pss = padding.PSS(padding.MGF1(hashes.SHA256()), hashes.SHA256.digest_size)
            return private.sign(signed, pss if algorithm == "PS256" else padding.PKCS1v15(), hashes.SHA256())
        case ec.EllipticCurvePrivateKey() as private:
            size = (private.curve.key_size + 7) // 8
            r, s = decode_dss_signature(private.sign(signed, ec.ECDSA(hashes.SHA256())))
            return r.to_bytes(size, "big") + s.to_bytes(size, "big")
        case private:
            return private.sign(signed)


def forge(header: Json | str, claims: Json | str, name: str = "rsa-1") -> str:
    """Put a token together and sign it with a key, whatever its header says; texts are taken as they are."""
    signed = f"{b64(header)}.{b64(claims)}"
    algorithm = header.get("alg", "RS256") if isinstance(header, dict) else "RS256"
    return f"{signed}.{b64(sign(name, str(algorithm), signed.encode()))}"


class Provider:
    """The provider; every attribute may be changed while it runs."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        """Begin with one key of each kind, and nothing wrong; with ``tls``, under https."""
        self.published: list[Json] = [jwk("rsa-1", alg="RS256"), jwk("ec-1"), jwk("ed-1")]
        self.asked: Counter[str] = Counter()
        self.answers: dict[str, bytes] = {}
        """By path: what is answered instead."""
        self.redirects: dict[str, str] = {}
        self.status = 200
        self.seconds = 0.0
        """How long each answer takes."""
        self.drips = False
        """Whether answers come one byte at a time, and never end."""
        self.people: dict[str, Json] = {}
        """By password: the claims of a person."""
        self.codes: dict[str, tuple[str, Json]] = {}
        """By code: the challenge that it was asked with, and the claims of whoever signed in; good once."""
        self._tls = tls
        self._server: ThreadingHTTPServer | None = None
        self._stopped = threading.Event()
        self.start()
        self.document: Json = {
            "issuer": self.issuer,
            "jwks_uri": self.issuer + JWKS,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": self.issuer + TOKEN,
        }

    @property
    def issuer(self) -> str:
        """Give the address by which it is known, also while it is down."""
        return f"http{'s' if self._tls else ''}://127.0.0.1:{self.port}"

    def start(self, port: int = 0) -> None:
        """Begin to answer, on a port that is free unless one is named."""
        self._stopped.clear()
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        self._server.daemon_threads = False
        if self._tls:
            self._server.socket = self._tls.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.01,)).start()

    def stop(self) -> None:
        """Be down: connections are refused."""
        if self._server is not None:
            self._stopped.set()
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def again(self) -> None:
        """Be up again, at the same address."""
        self.start(self.port)

    def wait(self) -> None:
        """Take one's time, but not longer than the test does."""
        self._stopped.wait(self.seconds)

    @property
    def is_stopped(self) -> bool:
        """Say whether whoever still answers is to stop."""
        return self._stopped.is_set()

    def claims(self, now: float, **also: object) -> Json:
        """Give what an access token for somebody says."""
        return {
            "iss": self.issuer,
            "aud": AUDIENCE,
            "sub": "f2c1-ana",
            "iat": int(now),
            "exp": int(now) + 300,
            "client_id": "aster-desk",
            "preferred_username": "ana.aster",
            "roles": ["desk"],
            **also,
        }

    def token(self, now: float, name: str = "rsa-1", algorithm: str = "RS256", **also: object) -> str:
        """Issue an access token."""
        header = {"typ": "at+jwt", "alg": algorithm, "kid": name}
        return forge(header, self.claims(now, **also), name)


def _handler(provider: Provider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """Answer as the provider is set up at the moment."""

        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def do_GET(self) -> None:
            """Answer a question for the document or the keys."""
            provider.asked[self.path] += 1
            provider.wait()
            if self.path in provider.redirects:
                self.send_response(302)
                self.send_header("Location", provider.redirects[self.path])
                self.end_headers()
                return
            told = {DISCOVERY: provider.document, JWKS: {"keys": provider.published}}
            self._answer(provider.answers.get(self.path) or json.dumps(told.get(self.path, {})).encode())

        def do_POST(self) -> None:
            """Issue a token for a person who knows the password, or for a code and its verifier (RFC 7636)."""
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            claims = provider.people.get(form.get("password", [""])[0])
            if form.get("grant_type") == ["authorization_code"]:
                challenge, found = provider.codes.pop(form["code"][0], ("", None))
                digest = hashlib.sha256(form["code_verifier"][0].encode()).digest()
                claims = found if b64(digest) == challenge else None
            if self.path != TOKEN or claims is None:
                self.send_error(400)
                return
            token = forge({"typ": "at+jwt", "alg": "RS256", "kid": "rsa-1"}, claims)
            self._answer(json.dumps({"access_token": token, "token_type": "Bearer"}).encode())

        def _answer(self, body: bytes) -> None:
            try:
                self.send_response(provider.status)
                self.send_header("Content-Type", "application/json")
                if not provider.drips:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                while provider.drips and not provider.is_stopped:
                    self.wfile.write(b" ")
                    self.wfile.flush()
                    time.sleep(0.05)
                self.wfile.write(body)
            except OSError:  # whoever asked has gone away, as one does from a bad provider
                self.close_connection = True

    return Handler


def certificate(folder: Path) -> Path:
    """Write a certificate that vouches for itself and nobody else, with its key, into one file."""
    own, name = key("ec-tls"), x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "made for a test")])
    assert isinstance(own, ec.EllipticCurvePrivateKey)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(own.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2000, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2100, 1, 1, tzinfo=UTC))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(own, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    secret = own.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(made.public_bytes(Encoding.PEM) + secret)
    return path


@contextmanager
def providing(tls: ssl.SSLContext | None = None) -> Iterator[Provider]:
    """Run a provider for as long as the block takes."""
    provider = Provider(tls)
    try:
        yield provider
    finally:
        provider.stop()
