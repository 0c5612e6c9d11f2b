"""Tokens that nobody may come in with, each with one thing wrong and everything else right; made by hand."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import b64encode
from collections.abc import Iterator

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.access.provider import AUDIENCE, Json, Provider, b64, forge, jwk, key, sign

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
DEEP = 3_000
LEEWAY = 30


def published() -> list[Json]:
    """Give the keys of a provider that publishes some that are of no use here, as real ones do."""
    return [
        jwk("rsa-1", alg="RS256"),
        jwk("rsa-2"),
        jwk("ec-1", alg="ES256"),
        jwk("ed-1"),
        jwk("rsa-enc", use="enc", alg="RSA-OAEP"),
        jwk("rsa-ops", key_ops=["encrypt"]),
        jwk("rsa-short"),
        jwk("ec-384"),
        {"kty": "oct", "kid": "oct-1", "k": b64("a shared secret, published by mistake")},
        {"kty": "AKP", "kid": "new-1", "alg": "ML-DSA-44", "pub": "AAAA"},
        {"kty": "EC", "crv": "P-256", "kid": "nowhere", "x": b64(b"\1" * 32), "y": b64(b"\1" * 32)},
        {"kty": "RSA"},
    ]


def sound(idp: Provider, now: float) -> Iterator[tuple[str, str]]:
    """Yield tokens that people do come in with, by what is particular about them."""
    head = header()
    yield "plain", idp.token(now)
    yield "PS256", idp.token(now, "rsa-2", "PS256")
    yield "RS256 with a key for any", idp.token(now, "rsa-2")
    yield "ES256", idp.token(now, "ec-1", "ES256")
    yield "EdDSA", idp.token(now, "ed-1", "EdDSA")
    yield "two audiences", idp.token(now, aud=["account", AUDIENCE])
    yield "kind with application/", forge(head | {"typ": "application/at+jwt"}, idp.claims(now))
    yield "kind in capitals", forge(head | {"typ": "AT+JWT"}, idp.claims(now))
    yield "a header nobody knows", forge(head | {"x5t": "abc", "pi.atm": "7"}, idp.claims(now))
    yield "just over, clocks differ", idp.token(now, iat=now - 300, exp=now - LEEWAY + 1)
    yield "nearly there, clocks differ", idp.token(now, iat=now + LEEWAY, nbf=now + LEEWAY)
    yield "instants with fractions", idp.token(now, iat=now - 0.5, exp=now + 60.25)
    yield "a whole day", idp.token(now, iat=now - 60, exp=now - 60 + 86_400)


def header(**also: object) -> Json:
    """Give the header of an access token."""
    return {"typ": "at+jwt", "alg": "RS256", "kid": "rsa-1", **also}


def forged(idp: Provider, now: float) -> dict[str, str]:
    """Give the tokens by what is wrong with them."""
    found: dict[str, str] = {}
    for kind in (unsigned, confused, untimely, foreign, laden, misspelt, nested, hostile, misnamed, unfit, of_others):
        for name, token in kind(idp, now):
            assert name not in found, name
            found[name] = token
    return found


Tokens = Iterator[tuple[str, str]]


def unsigned(idp: Provider, now: float) -> Tokens:
    """Leave the signature away, or say that there is none."""
    claims = b64(idp.claims(now))
    for name in ("none", "None", "NONE", "nOnE", ""):
        head = b64(header(alg=name))
        yield f"alg {name!r} without a signature", f"{head}.{claims}."
        yield f"alg {name!r} with some signature", f"{head}.{claims}.AAAA"
    good = idp.token(now)
    yield "no signature at all", good.rpartition(".")[0]
    yield "an empty signature", good.rpartition(".")[0] + "."
    yield "an alg that is a list", forge(header(alg=["RS256"]), idp.claims(now))
    yield "no alg", forge({"typ": "at+jwt", "kid": "rsa-1"}, idp.claims(now))


def confused(idp: Provider, now: float) -> Tokens:
    """Take the public key for a shared secret, or one kind of signature for another."""
    public = key("rsa-1").public_key()
    assert isinstance(public, RSAPublicKey)
    info, pkcs1 = PublicFormat.SubjectPublicKeyInfo, PublicFormat.PKCS1
    secrets = {
        "PEM": public.public_bytes(Encoding.PEM, info),
        "PEM without its last line end": public.public_bytes(Encoding.PEM, info).strip(),
        "PKCS1 PEM": public.public_bytes(Encoding.PEM, pkcs1),
        "DER": public.public_bytes(Encoding.DER, info),
        "JWK": json.dumps(jwk("rsa-1")).encode(),
        "the published secret": b"a shared secret, published by mistake",
        "nothing": b"",
    }
    for name, secret in secrets.items():
        for kid in ("rsa-1", "oct-1"):
            signed = f"{b64(header(alg='HS256', kid=kid))}.{b64(idp.claims(now))}"
            made = hmac.new(secret, signed.encode(), hashlib.sha256).digest()
            yield f"HS256 with {name} as {kid}", f"{signed}.{b64(made)}"
    claims = idp.claims(now)
    yield "PS256 where the key is for RS256", forge(header(alg="PS256"), claims)
    yield "RS256 that says it is PS256", _relabelled("rsa-2", "RS256", "PS256", claims)
    yield "PS256 that says it is RS256", _relabelled("rsa-2", "PS256", "RS256", claims)
    yield "RS512", forge(header(alg="RS512"), claims)
    yield "ES256 with another curve", forge(header(alg="ES256", kid="ec-384"), claims, "ec-384")
    yield "ES256K", forge(header(alg="ES256K", kid="ec-1"), claims, "ec-1")
    yield "RS256 by the id of another kind of key", forge(header(kid="ec-1"), claims)
    yield "EdDSA by the id of another kind of key", forge(header(alg="EdDSA"), claims, "ed-1")
    curve = key("ec-1")
    assert isinstance(curve, ec.EllipticCurvePrivateKey)
    signed = f"{b64(header(alg='ES256', kid='ec-1'))}.{b64(claims)}"
    yield "ES256 in DER", f"{signed}.{b64(curve.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))}"
    yield "ES256 of noughts", f"{signed}.{b64(bytes(64))}"
    signed = f"{b64(header(alg='EdDSA', kid='ed-1'))}.{b64(claims)}"
    yield "EdDSA of noughts", f"{signed}.{b64(bytes(64))}"
    yield "EdDSA too short", f"{signed}.{b64(bytes(63))}"
    for name in ("rsa-enc", "rsa-ops", "rsa-short"):
        yield f"a key that may not sign: {name}", forge(header(kid=name), claims, name)


def _relabelled(name: str, really: str, said: str, claims: Json) -> str:
    signed = f"{b64(header(alg=said, kid=name))}.{b64(claims)}"
    return f"{signed}.{b64(sign(name, really, signed.encode()))}"


def untimely(idp: Provider, now: float) -> Tokens:
    """Be over, not begun, or of no time at all."""
    of = idp.token
    yield "expired", of(now, iat=now - 400, exp=now - LEEWAY)
    yield "expired long ago", of(now - 86_400)
    yield "not begun", of(now, nbf=now + LEEWAY + 1)
    yield "from tomorrow", of(now + 86_400)
    yield "issued a moment from now", of(now, iat=now + LEEWAY + 1)
    for name, wrong in {
        "a text": str(int(now) + 300),
        "1e30": 1e30,
        "a number beyond all floats": 10**400,
        "negative": -1,
        "true": True,
        "null": None,
        "a list": [int(now) + 300],
        "an object": {"at": int(now) + 300},
    }.items():
        for claim in ("exp", "iat", "nbf"):
            if (claim, name) not in {("iat", "negative"), ("nbf", "negative")}:
                yield f"{claim} that is {name}", forge(header(), idp.claims(now) | {claim: wrong})
    yield "issued before there was time", of(now, iat=-1)
    yield "not before there was time", of(now, nbf=-1)
    yield "half a second and a number beyond all floats", of(now, iat=10**400, exp=now + 0.5)
    yield "good for more than a day", of(now, iat=now - 60, exp=now - 60 + 86_401)
    yield "good for years, and old", of(now, iat=0, exp=now + 300)
    yield "over before it began", of(now, iat=now + 20, exp=now + 10)
    for claim in ("exp", "iat", "sub", "iss", "aud"):
        claims = idp.claims(now)
        del claims[claim]
        yield f"no {claim}", forge(header(), claims)
    plain = json.dumps(idp.claims(now))
    for number in ("NaN", "Infinity", "1e999"):
        yield f"exp {number}", forge(header(), plain.replace(f'"exp": {int(now) + 300}', f'"exp": {number}'))


def foreign(idp: Provider, now: float) -> Tokens:
    """Come from somebody else, or be for somebody else."""
    of, issuer = idp.token, idp.issuer
    for name, iss in {
        "foreign": "https://id.elsewhere.example",
        "with a slash": f"{issuer}/",
        "with a path": f"{issuer}/realms/other",
        "in capitals": issuer.upper(),
        "with a user": issuer.replace("//", "//user@"),
        "with a space": f"{issuer} ",
        "with a nought": f"{issuer}\0",
        "with half a character": f"{issuer}\ud800",
        "that is a list": [issuer],
        "that is empty": "",
        "that is null": None,
        "that is a file": "file:///etc/passwd",
    }.items():
        yield f"issuer {name}", of(now, iss=iss)
    for name, aud in {
        "of another clinic": "prep-tracker-birch",
        "that begins like ours": AUDIENCE + "-2",
        "that ours begins with": AUDIENCE[:-1],
        "in capitals": AUDIENCE.upper(),
        "that is an empty list": [],
        "that is empty": "",
        "that is null": None,
        "that is an object": {AUDIENCE: True},
        "in a list in a list": [[AUDIENCE]],
        "with a number beside": [AUDIENCE, 7],
        "with a nought": AUDIENCE + "\0",
        "among too many": [*(f"a{n}" for n in range(20)), AUDIENCE],
    }.items():
        yield f"audience {name}", of(now, aud=aud)


def laden(idp: Provider, now: float) -> Tokens:
    """Bring along a key, say where to find one, or ask for more than we understand."""
    claims = idp.claims(now)
    own = jwk("rsa-mallory", kid="rsa-1")
    for name, more in {
        "jwk": own,
        "jku": f"{idp.issuer}/mallorys-keys",
        "x5u": f"{idp.issuer}/mallorys-chain",
        "x5c": [b64encode(b"a certificate").decode()],
    }.items():
        yield f"{name}, signed with it", forge(header(**{name: more}), claims, "rsa-mallory")
        yield f"{name}, signed by the provider", forge(header(**{name: more}), claims)
        yield f"{name} without an id", forge({"typ": "at+jwt", "alg": "RS256", name: more}, claims, "rsa-mallory")
    yield "crit that we do not know", forge(header(crit=["exp"], exp=1), claims)
    yield "crit that is empty", forge(header(crit=[]), claims)
    yield "crit b64", forge(header(crit=["b64"], b64=True), claims)
    yield "b64 that is false", forge(header(b64=False), claims)
    yield "bound to a key of the caller's", idp.token(now, cnf={"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"})


def misspelt(idp: Provider, now: float) -> Tokens:
    """Write the same bytes in another way."""
    head, claims, signature = idp.token(now).split(".")
    yield "padded signature", f"{head}.{claims}.{signature}=="
    yield "padded header", f"{head}=.{claims}.{signature}"
    yield "padded claims", f"{head}.{claims}=.{signature}"
    last = ALPHABET[ALPHABET.index(signature[-1]) ^ 1]
    yield "bits left over in the signature", f"{head}.{claims}.{signature[:-1]}{last}"
    yield "truncated by a sign", f"{head}.{claims}.{signature[:-1]}"
    yield "truncated by a byte", f"{head}.{claims}.{signature[:-4]}"
    yield "half of it", f"{head}.{claims[: len(claims) // 2]}.{signature}"
    yield "a signature of more bytes", f"{head}.{claims}.{signature[:-2]}AAAA"
    yield "spaces inside", f"{head}. {claims}.{signature}"
    yield "standard base64", f"{head}.{claims}.{signature[:-4]}+/+/"
    yield "two of them", f"{head}.{claims}.{signature}, {head}.{claims}.{signature}"
    yield "letters that look alike", f"{head}.{claims}.{signature}".replace("e", "\u00e9")
    yield "dots only", ".."
    for name, changed in {
        "claims that were changed": idp.claims(now, roles=["boss"]),
        "claims of somebody else": idp.claims(now, sub="f2c1-ada"),
    }.items():
        yield name, f"{head}.{b64(changed)}.{signature}"
    yield "a header that was changed", f"{b64(header(extra=1))}.{claims}.{signature}"
    flipped = "B" if signature[5] == "A" else "A"
    yield "a signature that was changed", f"{head}.{claims}.{signature[:5]}{flipped}{signature[6:]}"


def nested(idp: Provider, now: float) -> Tokens:
    """Put a token into another one."""
    good = idp.token(now)
    yield "nested", forge(header(cty="JWT"), good)
    yield "nested, without saying so", forge(header(), good)
    yield "cty alone", forge(header(cty="JWT"), idp.claims(now))
    yield "encrypted", ".".join(b64(part) for part in ('{"alg":"RSA-OAEP","enc":"A256GCM"}', "key", "iv", good, "tag"))
    yield "encrypted, in three parts", forge(header(enc="A256GCM"), idp.claims(now))
    yield "compressed", forge(header(zip="DEF"), idp.claims(now))


def hostile(idp: Provider, now: float) -> Tokens:
    """Be too large, too deep, or readable in two ways."""
    plain, head = json.dumps(idp.claims(now)), json.dumps(header())
    yield "huge", idp.token(now, note="x" * 8_192)
    yield "a huge header", forge(header(note="x" * 8_192), idp.claims(now))
    yield "huge nonsense", "a" * 9_000 + "." + "b" * 9_000 + "." + "c" * 9_000
    yield "deep claims", forge(header(), plain[:-1] + f', "x": {"[" * DEEP}')
    yield "deep claims that close", forge(header(), plain[:-1] + f', "x": {"[" * (DEEP // 2)}{"]" * (DEEP // 2)}}}')
    yield "a deep header", forge(head[:-1] + f', "x": {"[" * DEEP}', idp.claims(now))
    yield "exp twice", forge(header(), plain[:-1] + f', "exp": {int(now) + 301}}}')
    yield "iss twice", forge(header(), f'{{"iss": "https://id.elsewhere.example", {plain[1:]}')
    yield "alg twice", forge('{"alg": "none", ' + head[1:], idp.claims(now))
    yield "a name twice, far inside", forge(header(), plain[:-1] + ', "x": {"y": {"z": 1, "z": 1}}}')
    for name, other in {
        "a list": f"[{plain}]",
        "a text": json.dumps(plain),
        "a number": "7",
        "null": "null",
        "nothing": " ",
        "two objects": plain + plain,
        "an object with a mark in front": "\ufeff" + plain,
        "no JSON": plain.replace('"', "'"),
    }.items():
        yield f"claims that are {name}", forge(header(), other)
    yield "a header that is a list", forge(f"[{head}]", idp.claims(now))
    signed = f"{b64(header())}.{b64(plain.encode('utf-16'))}"
    yield "claims in UTF-16", f"{signed}.{b64(sign('rsa-1', 'RS256', signed.encode()))}"


def misnamed(idp: Provider, now: float) -> Tokens:
    """Name a key that there is not."""
    claims = idp.claims(now)
    for name, kid in {
        "unknown": "rsa-9",
        "a way out of a folder": "../../../../dev/null",
        "SQL": "rsa-1' OR '1'='1",
        "in capitals": "RSA-1",
        "with a nought": "rsa-1\0",
        "empty": "",
        "a number": 1,
        "a list": ["rsa-1"],
        "null": None,
        "as long as a book": "k" * 300,
        "of a key without a point": "nowhere",
    }.items():
        yield f"kid that is {name}", forge(header(kid=kid), claims)
    yield "no kid", forge({"typ": "at+jwt", "alg": "RS256"}, claims)


def unfit(idp: Provider, now: float) -> Tokens:
    """Be no access token, or give no role."""
    claims = idp.claims(now)
    for name, typ in {
        "JWT": "JWT",
        "another": "at+jwt2",
        "logout+jwt": "logout+jwt",
        "a number": 1,
        "null": None,
    }.items():
        yield f"typ that is {name}", forge(header(typ=typ), claims)
    yield "no typ", forge({"alg": "RS256", "kid": "rsa-1"}, claims)
    yield "an ID token", forge(header(typ="JWT"), claims | {"nonce": "n-0S6", "at_hash": "77QmUP"})
    yield "a refresh token", idp.token(now, typ="Refresh")
    yield "an ID token as Keycloak marks it", idp.token(now, typ="ID")
    yield "an ID token as Cognito marks it", idp.token(now, token_use="id")
    for name, roles in {
        "empty": [],
        "unknown": ["guest"],
        "null": None,
        "an object": {"desk": True},
        "a list in a list": [["desk"]],
        "a list with commas": "desk,boss",
        "in capitals": ["DESK"],
        "our own word": ["admin"],
    }.items():
        yield f"roles that are {name}", idp.token(now, roles=roles)
    without = dict(claims)
    del without["roles"]
    yield "no roles", forge(header(), without)
    yield "roles in another place", forge(header(), without | {"realm_access": {"roles": ["desk"]}})
    for name, sub in {"empty": "", "a number": 7, "null": None, "as long as a book": "s" * 256}.items():
        yield f"sub that is {name}", idp.token(now, sub=sub)
    yield "a sub with a nought, and no name", idp.token(now, sub="ana\0", preferred_username=None)


def of_others(idp: Provider, now: float) -> Tokens:
    """Be signed by somebody else."""
    yield "signed by the other clinic's provider", forge(header(), idp.claims(now), "rsa-birch")
    yield "signed by nobody in particular", forge(header(), idp.claims(now), "rsa-mallory")
