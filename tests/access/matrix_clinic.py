"""Let a clinic have things, people, patients and systems, each with words that nobody else may ever read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from urllib.parse import parse_qsl

from sqlalchemy import Connection, and_, update

from prep_tracker.domain.actor import Role
from prep_tracker.domain.sign_in import SignIn
from prep_tracker.services import access
from prep_tracker.services.sign_in import trust
from prep_tracker.store.tables import METADATA
from tests.access.matrix_wire import Answer, Request, Wire
from tests.access.provider import AUDIENCE, forge

MESSAGES = METADATA.tables["messages"]
SETTLED_AT = datetime(2026, 12, 10, 9, 0, tzinfo=UTC)


class Clinic:
    """A clinic with one of everything: its things by name, and the words that only it may read."""

    def __init__(self, wire: Wire, name: str, clinic_id: str) -> None:
        """Begin with nothing but the clinic itself."""
        self.name, self.id, self._wire = name, clinic_id, wire
        self.things: dict[str, str] = {"clinic": clinic_id}
        self.canaries: set[str] = {clinic_id}
        self._keys: dict[tuple[Role, tuple[str, ...], str], str] = {}
        self._tokens: dict[tuple[Role, str], str] = {}
        self._sessions: dict[tuple[str, Role, str], str] = {}
        self.person: dict[Role, str] = {}
        self.issuer = f"https://{name.lower()}.idp.test"
        self.slug = f"{name.lower()}-peel"

    def word(self, what: str) -> str:
        """Make a word that only this clinic may read."""
        made = f"{self.name.lower()}-canary-{what}"
        self.canaries.add(made)
        return made

    def thing(self, name: str, value: str) -> str:
        """Name a thing of the clinic; what it is called is nobody else's business."""
        self.things[name] = value
        if len(value) > 8:
            self.canaries.add(value)
        return value

    def key(self, role: Role, scopes: tuple[str, ...] = (), state: str = "valid") -> str:
        """Give the key of a person of this role, or of a system; valid, expired or revoked."""
        made = self._keys.get((role, scopes, state))
        if made is None:
            made = self._keys[role, scopes, state] = self._wire.store.run_write(
                lambda c: self._made(c, role, scopes, state), self.id
            )
        return made

    def _made(self, connection: Connection, role: Role, scopes: tuple[str, ...], state: str) -> str:
        then = SETTLED_AT - timedelta(days=2)
        expires_at = then + timedelta(days=1) if state == "expired" else None
        person = self.person[role] = self.word(f"{role}-{len(self._keys)}")
        made = access.add_key(connection, self.id, role, person, now=then, scopes=scopes, expires_at=expires_at)
        if state == "revoked":
            access.revoke_key(connection, self.id, made.row.id, now=then)
        self.canaries |= {made.token, made.row.id}
        return made.token

    def trust(self) -> None:
        """Trust an identity provider."""
        rules = SignIn(roles=tuple((role, role) for role in ("coordinator", "clinician", "admin")))
        self._wire.store.run_write(
            lambda c: trust(c, self.id, self.issuer, AUDIENCE, rules=rules, now=SETTLED_AT), self.id
        )

    def token(self, role: Role, state: str = "valid") -> str:
        """Give an access token of the clinic's identity provider: valid, expired, or signed with nobody's key."""
        made = self._tokens.get((role, state))
        if made is None:
            at = SETTLED_AT.timestamp() - (7200 if state == "expired" else 60)
            claims = {"iss": self.issuer, "aud": AUDIENCE, "sub": f"{self.name}-{role}", "iat": at, "exp": at + 3600}
            person = self.word(f"token-{role}") if state == "valid" else role
            claims |= {"client_id": "any", "roles": [role], "preferred_username": person}
            head = {"alg": "EdDSA", "typ": "at+jwt", "kid": f"ed-{self.name}"}
            made = forge(head, claims, "ed-nobodys" if state == "forged" else f"ed-{self.name}")
            self._tokens[role, state] = made
        return made

    def session(self, thing: str, holder: Role, state: str = "valid") -> str:
        """Give the session of a patient or carer for one procedure: valid, expired or revoked."""
        procedure = self.things[thing]
        made = self._sessions.get((procedure, holder, state))
        if made is None:
            if state == "expired":
                self._wire.clock.set(SETTLED_AT - timedelta(days=100))
            path = f"/v1/procedures/{procedure}/portal-links"
            link = self.do("coordinator", "POST", path, {"for": holder}).json()["url"].partition("#token=")[2]
            opened = self.do("coordinator", "POST", "/v1/portal/sessions", {"token": link}).json()
            made = self._sessions[procedure, holder, state] = opened["access_token"]
            self._wire.clock.set(SETTLED_AT)
            if state == "revoked":
                self.do(holder, "DELETE", "/v1/portal/sessions", by=made)
            self.canaries |= {link, made}
        return made

    def do(
        self,
        role: Role | Literal["writer"],
        method: str,
        path: str,
        body: Any = None,  # noqa: ANN401 - any body
        *,
        kind: str = "application/json",
        by: str | None = None,
        **headers: str,
    ) -> Answer:
        """Let somebody of the clinic do something, for good."""
        bearer = by or (self.key("clinician", state="another") if role == "writer" else self.key(role))
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        address, _, query = path.partition("?")
        asked = Request(method, address, dict(parse_qsl(query)), sent, body, kind)
        answer = self._wire.send(asked, f"Bearer {bearer}")
        assert answer.status < 300, (method, path, answer.body)
        return answer

    def change(self, method: str, procedure: str, what: str, body: Any) -> Answer:  # noqa: ANN401 - any body
        """Let a clinician decide about a procedure as it now stands."""
        path = f"/v1/procedures/{procedure}"
        current = self.do("clinician", "GET", path).header("etag")
        return self.do("clinician", method, f"{path}/{what}", body, If_Match=current)

    def book(self, thing: str, patient: str, **order: Any) -> str:  # noqa: ANN401 - any field
        """Book a procedure for a patient of the clinic."""
        who = {
            "reference": self.word(f"reference-{patient}"),
            "name": self.word(f"name-{patient}"),
            "language": "en",
            "birth_date": "1990-02-28",
            "email": f"{self.word(f'mail-{patient}')}@example.org",
        }
        booking = {"patient": who, "protocol": "laser-resurfacing", "on": "2026-12-18", "at": "10:30"} | order
        made = self.do("coordinator", "POST", "/v1/procedures", booking).json()
        self.thing(f"patient {patient}", made["patient"]["id"])
        self.things |= {f"reference {patient}": who["reference"], f"name {patient}": who["name"]}
        return self.thing(thing, made["id"])

    def long_ago(self) -> None:
        """Have two patients whom nobody has heard of for long."""
        self._wire.clock.set(SETTLED_AT - timedelta(days=100))
        for number in (1, 2):
            new = {"reference": self.word(f"long-ago-{number}"), "name": self.word(f"gone-{number}"), "language": "en"}
            made = self.do("coordinator", "POST", "/v1/patients", new).json()
            self.thing(f"patient gone-{number}", made["id"])
        self._wire.clock.set(SETTLED_AT)

    def tell(self) -> None:
        """Have two systems that are told what happens."""
        for number in (2, 1):
            new = {"url": f"https://{self.word(f'hook-{number}')}.example.org", "events": ["procedure.booked"]}
            self.thing("webhook", self.do("admin", "POST", "/v1/webhooks", new).json()["id"])

    def fail_to_tell(self, thing: str, procedure: str | None) -> None:
        """Have a message about a procedure, or about none, that could not be sent."""
        mine = and_(
            MESSAGES.c.endpoint_id == self.things["webhook"], MESSAGES.c.procedure_id.is_not_distinct_from(procedure)
        )
        failed = update(MESSAGES).where(mine).values(status="failed", settled_at=SETTLED_AT).returning(MESSAGES.c.id)
        self.thing(thing, self._wire.store.run_write(lambda c: c.execute(failed).scalars().all(), self.id)[0])
