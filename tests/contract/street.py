"""Stand between Schemathesis and the house: send each request with the right key, as a careful caller would."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from schemathesis.wfc.escalation import EscalatingAuthProvider

from tests.api.house import NOBODY, House
from tests.contract.stage import Clinic, version_of

if TYPE_CHECKING:
    from schemathesis import AuthContext, Case
    from starlette.types import ASGIApp, Receive, Scope, Send

_SOUND_KEY = re.compile(rb"[\x21-\x7e]{1,255}")
_OF_PROCEDURE = re.compile(r"/v1/procedures/([^/]+)/")
_MINE = re.compile(r"/v1/portal/procedures/([^/]+)/")
_SIGN_OUT = ("DELETE", "/v1/portal/sessions")
_STALE_EVERY = 4


class Street:
    """Give every request a fresh Idempotency-Key and mostly the current If-Match, where it brings any.

    Generated ones would be replays of other cases, and always stale. What is not well-formed stays as it is. Nobody
    takes away what the others need to the end. The store is used and closed on one event loop, that of Schemathesis.
    """

    def __init__(self, house: House, app: ASGIApp, clinic: Clinic) -> None:
        """Lead to the app, which is the house's or stands around it."""
        self._house, self._app, self._clinic = house, app, clinic
        self._turns = itertools.count()
        self._holders = {token: who for who, held in clinic.sessions.items() for token in held.values()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; at the end close the store."""
        if scope["type"] != "lifespan":
            await self._app(self._prepared(scope), receive, send)
            return
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._house.store.aclose()
        await send({"type": "lifespan.shutdown.complete"})

    def _prepared(self, scope: Scope) -> Scope:
        turn, path = next(self._turns), scope["path"]
        headers = dict(scope["headers"])
        if _SOUND_KEY.fullmatch(headers.get(b"idempotency-key", b"")):
            headers[b"idempotency-key"] = b"case-%d" % turn
        found = _OF_PROCEDURE.match(path)
        if found and b"if-match" in headers and turn % _STALE_EVERY:
            version = version_of(self._house, found[1])
            headers[b"if-match"] = headers[b"if-match"] if version is None else b'"%d"' % version
        before, _, last = path.rpartition("/")
        if scope["method"] == "DELETE" and last in self._clinic.kept:
            path = f"{before}/{NOBODY}"
        token = headers.get(b"authorization", b"").decode("latin-1").removeprefix("Bearer ")
        if token in self._holders:
            headers[b"authorization"] = f"Bearer {self._session(scope['method'], path, token)}".encode()
        return {**scope, "path": path, "headers": list(headers.items())}

    def _session(self, method: str, path: str, token: str) -> str:
        """Give the session of whoever's procedure it is; one that may end to whoever signs out."""
        if (method, path) == _SIGN_OUT:
            return self._clinic.spare.pop() if self._clinic.spare else ""
        found = _MINE.match(path)
        return self._clinic.sessions[self._holders[token]].get(found[1] if found else "", token)


class People:
    """The people of a clinic: whoever may do what is asked, in turn."""

    def __init__(self, clinic: Clinic) -> None:
        """Take the clinic with all its keys."""
        self._clinic = clinic
        self._turns = itertools.count()

    def get(self, case: Case[Any], context: AuthContext) -> str:
        """Choose who sends it."""
        procedure = (case.path_parameters or {}).get("procedure_id")
        return self._clinic.token_for(context.operation.definition.raw, procedure, next(self._turns))

    def set(self, case: Case[Any], data: str, _: AuthContext) -> None:
        """Send it with the key."""
        case.headers["Authorization"] = f"Bearer {data}"


def peers(clinics: Sequence[Clinic]) -> EscalatingAuthProvider:
    """Let the first clinic send everything; what it reads is asked for by the others, who must not get it."""
    names = [clinic.name for clinic in clinics]
    return EscalatingAuthProvider([People(clinic) for clinic in clinics], names, peers=tuple(names), pinned=names[0])
