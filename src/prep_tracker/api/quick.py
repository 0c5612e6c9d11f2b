"""Answer the question that is asked most, today's checklist, before the app takes the request apart.

One query knows the caller, the clinic and the procedure's version; the version, the day, the language and the calendar
make the ETag, and under that tag the bytes may be at hand. Whatever is in the least unusual is left to the ordinary
route, which answers the same, only slower, and says what is wrong.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Collection
from typing import TYPE_CHECKING

from fastapi import Request
from pydantic_core import to_json

from prep_tracker.api.door import STAFF, Service, tag, unchanged
from prep_tracker.api.problems import expected
from prep_tracker.api.staff.procedures import get_checklist, router
from prep_tracker.catalog.speaking import choose_language, words
from prep_tracker.desk import memory
from prep_tracker.desk.case import Desk
from prep_tracker.domain.errors import PrepError, TooOftenError, UnavailableError
from prep_tracker.exports.document import checklist_document
from prep_tracker.services.access import actor_of, recognise
from prep_tracker.services.checklist import read_today
from prep_tracker.services.clinic import calendar_of
from prep_tracker.store.session import EVERY

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from prep_tracker.catalog.words import Words
    from prep_tracker.store import Connection

SCOPE = "procedures:read"
"""What a key for a system needs here, as on the ordinary routes."""
MOST_ANSWERS, MOST_BYTES = 2_000, 64 * 2**20
_PATH = re.compile(r"/v1/procedures/([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})/checklist")
_JSON = (b"content-type", b"application/json")
_ROUTE = next(route for route in router.routes if getattr(route, "endpoint", None) is get_checklist)
_CONTROL = (b"cache-control", b"private, no-cache")
_VARY = (b"vary", b"Accept-Language, Origin")
Key = tuple[str, str, str]
Made = tuple[int, list[tuple[bytes, bytes]], bytes]


class Answers:
    """The bytes of answers by clinic, procedure and ETag; when there are too many, the oldest go."""

    def __init__(self, most: int = MOST_ANSWERS, most_bytes: int = MOST_BYTES) -> None:
        """Begin empty."""
        self._kept: OrderedDict[Key, bytes] = OrderedDict()
        self._most, self._left = most, most_bytes
        memory.keep_track(self.forget)

    def get(self, key: Key) -> bytes | None:
        """Give an answer, or None."""
        return self._kept.get(key)

    def keep(self, key: Key, body: bytes) -> None:
        """Keep an answer."""
        self._left -= len(body) - len(self._kept.pop(key, b""))
        self._kept[key] = body
        while self._left < 0 or len(self._kept) > self._most:
            self._left += len(self._kept.popitem(last=False)[1])

    def forget(self, procedures: Collection[str] | None) -> None:
        """Forget the answers about these procedures, by id; None: all."""
        for key in [key for key in self._kept if procedures is None or key[1] in procedures]:
            self._left += len(self._kept.pop(key))


class Quick:
    """Stand inside the envelope and before everything else."""

    def __init__(self, app: ASGIApp) -> None:
        """Stand in front of the app."""
        self.app = app
        self.answers = Answers()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer at once, or hand on."""
        if scope["type"] == "http" and scope["method"] == "GET" and not scope["query_string"]:
            found = _PATH.fullmatch(scope["path"])
            if found is not None:
                try:
                    made = await self._answer(scope, found[1])
                except (UnavailableError, TooOftenError) as error:  # the ordinary route would only say it again
                    response = await expected(Request(scope), error)
                    response.headers.append("vary", "Origin")
                    await response(scope, receive, send)
                    return
                if made is not None:
                    status, headers, body = made
                    await send({"type": "http.response.start", "status": status, "headers": headers})
                    await send({"type": "http.response.body", "body": body})
                    return
        await self.app(scope, receive, send)

    async def _answer(self, scope: Scope, procedure_id: str) -> Made | None:
        """Answer with the checklist or that it is unchanged; None is left to the ordinary route."""
        given = dict(reversed(scope["headers"]))  # of a header that comes twice, the first counts
        scheme, _, token = given.get(b"authorization", b"").decode("latin-1").partition(" ")
        if b"origin" in given or scheme.lower() != "bearer":
            return None
        spoken = words(choose_language(None, given.get(b"accept-language", b"").decode("latin-1")))
        service: Service = scope["app"].state.service
        if service.trail.is_full:
            await service.trail.make_room(service.store)
        now = service.clock.now()
        seen = given[b"if-none-match"].decode("latin-1") if b"if-none-match" in given else None

        try:
            caller = await service.store.read(
                lambda c: recognise(c, token.strip(), now=now, procedure_id=procedure_id), EVERY
            )
            version = caller.version
            if version is None or not (caller.role in STAFF or SCOPE in caller.scopes):
                return None
            actor = actor_of(caller)
            desk = Desk(actor, caller.clinic, calendar_of(caller.clinic), now, scope["state"]["request_id"])
            scope["state"]["desk"], scope["route"], scope["path_params"] = desk, _ROUTE, {"procedure_id": procedure_id}
            scope["app"].state.limits.count(actor)
            current = tag(desk, version, None, spoken.language)
            body = None
            if not unchanged(seen, current):
                body = self.answers.get((desk.clinic.id, procedure_id, current))
                if body is None:
                    current, body = await service.store.read(
                        lambda c: self._read(c, desk, procedure_id, version, spoken), desk.clinic.id
                    )
        except (UnavailableError, TooOftenError):
            raise
        except PrepError:
            return None
        etag = (b"etag", current.encode())
        if body is None:
            return 304, [etag, _CONTROL, _VARY], b""
        size = (b"content-length", b"%d" % len(body))
        language = (b"content-language", spoken.language.encode())
        return 200, [_CONTROL, etag, language, _VARY, size, _JSON], body

    def _read(
        self, connection: Connection, desk: Desk, procedure_id: str, version: int, spoken: Words
    ) -> tuple[str, bytes]:
        """Make the checklist's bytes anew, and keep them under their tag."""
        newest, checklist, status = read_today(connection, desk, procedure_id, version)
        body = to_json(checklist_document(checklist, status, spoken, procedure_id=procedure_id))
        current = tag(desk, newest, None, spoken.language)
        self.answers.keep((desk.clinic.id, procedure_id, current), body)
        return current, body
