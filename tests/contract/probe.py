"""Write hostile values into sound requests, and hold what comes back against the document, both ways.

What the document does not allow is refused; what it allows is never refused for its form; and whatever comes back has
the shape that was promised.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator, Sequence
from random import Random
from typing import Any
from urllib.parse import quote

import httpx

from tests.api.contract import Operation, faults, operations, schema_at, validator
from tests.api.house import BOOKING, House, Json
from tests.contract.hostile import strange, text, within, written
from tests.contract.places import Place, body_of, body_schema, options, places, put, query_of
from tests.contract.stage import GATE, OWN, PROTOCOLS, VISITORS, message_of, set_stage, settle, version_of
from tests.contract.trial import FORM, REFUSALS, SEED, UNTOLD

Change = tuple[Place, Any]
LADDER = range(1, 65, 5)
"""Lengths that are tried although they are no bounds: buffers end where no document says so."""
FRESH_EVERY = 30
"""So many requests may change one procedure: a record as long as nobody's would only take time."""
NOTHING = object()
"""No body at all, which is something else than null."""
JSON = "application/json"


class Probe:
    """Sends changed requests for clinic Aster, and keeps what was wrong."""

    def __init__(self, house: House) -> None:
        """Set the stage."""
        self.tried = 0
        self.wrong: list[str] = []
        self._house = house
        self._aster, _ = set_stage(house)
        self._turns = itertools.count(1)
        self._procedures: dict[str, str] = {}

    def climb(self, operation: Operation, rungs: Iterable[int] = LADDER) -> None:
        """Write texts of every length, in all places at once that take any text."""
        free = [place for place in places(operation) if place.where == "body" and _takes_text(place)]
        free = [place for place in free if self.send(operation, [(place, "abcde")]).is_success]
        for length in rungs if free else ():
            self.send(operation, [(place, text(min(length, _most(place)))) for place in free])

    def send(self, operation: Operation, changes: Sequence[Change] = ()) -> httpx.Response:
        """Send one request and judge the answer; where something has come to its end, once more with a new one."""
        request, answer = self._sent(operation, changes)
        if answer.status_code == httpx.codes.CONFLICT:
            self._begin_anew(operation)
            request, answer = self._sent(operation, changes)
        self.tried += 1
        if self.tried % FRESH_EVERY == 0:
            self._procedures.pop(operation.name, None)
        for fault in _faults(operation, changes, request, answer):
            told = ", ".join(f"{place} = {value!r:.120}" for place, value in changes)
            self.wrong.append(f"{operation.name} with {told}: {answer.status_code} {fault}")
        return answer

    def _begin_anew(self, operation: Operation) -> None:
        """Make what is at its end possible again."""
        self._procedures.pop(operation.name, None)
        if operation.told["operationId"] == "add_webhook":
            ada = self._house.person("Ada")
            for one in ada.get("/v1/webhooks").json()["items"]:
                if one["id"] not in self._aster.kept:
                    ada.send("DELETE", f"/v1/webhooks/{one['id']}")

    def _sent(self, operation: Operation, changes: Sequence[Change]) -> tuple[httpx.Request, httpx.Response]:
        request = self._request(operation, changes)
        return request, self._house.wait(self._house.client.send(request))

    def _request(self, operation: Operation, changes: Sequence[Change]) -> httpx.Request:
        turn, name = next(self._turns), operation.told["operationId"]
        taken = {one["name"] for one in operation.told.get("parameters", ())}
        procedure = self._procedure_for(operation)
        headers = {"Authorization": f"Bearer {self._aster.token_for(operation.told, procedure, 0)}".encode()}
        if "if-match" in taken:
            headers["if-match"] = f'"{version_of(self._house, procedure)}"'.encode()
        if "idempotency-key" in taken:
            headers["idempotency-key"] = f"probe-{turn}".encode()
        version = version_of(self._house, procedure)
        query, body = query_of(operation) | _QUERIES.get(name, {}), _sound(operation, procedure, version, turn)
        for place, value in changes:
            match place.where:
                case "body":
                    body = put(None if body is NOTHING else body, place.path, value, body_schema(operation) or {})
                case "query":
                    query[str(place.path[0])] = value
                case "header":
                    headers[str(place.path[0])] = _bytes(value)
        path = operation.at(
            procedure_id=procedure,
            patient_id=self._aster.patients[1],
            n=_NUMBERS.get(name, 1 if "/drafts/" in operation.path else 2),
            slug=PROTOCOLS[0] if name in _PUBLISHED else OWN,
            name=PROTOCOLS[0],
            step=GATE,
            webhook_id=self._aster.webhooks[0],
            delivery=self._aster.deliveries[0],
            message=message_of(self._house, procedure),
        )
        address = path + "?" + "&".join(f"{one}={quote(_bytes(value))}" for one, value in query.items())
        content, kind = (written(body), JSON) if body is not NOTHING else _file(operation)
        if content is not None:
            headers["Content-Type"] = kind.encode()
        listed = [(one.encode(), value) for one, value in headers.items()]
        return self._house.client.build_request(operation.method.upper(), address, headers=listed, content=content)

    def _procedure_for(self, operation: Operation) -> str:
        """Give a procedure that this operation has for itself; what happens afterwards needs one that is past."""
        if operation.name not in self._procedures:
            on = "2026-11-12" if operation.path.endswith("/events") else "2026-12-18"
            whose = {"patient": None, "patient_id": self._aster.patients[0]}
            ana = self._house.person("Ana")
            booked = ana.book(**BOOKING | whose | {"protocol": PROTOCOLS[0], "on": on, "backdated": True})
            procedure = booked.rsplit("/", 1)[-1]
            assert ana.post(f"{booked}/products", {"text": "Differin", "kind": "skincare"}).status_code == 201
            assert ana.post(f"{booked}/marks", {"step": GATE, "kind": "unsafe"}).status_code == 201
            system = self._house.caller(self._aster.keys["integration"])
            session = system.post("/v1/portal/sessions", {"procedure_id": procedure}).json()["access_token"]
            for holder in VISITORS:
                self._aster.sessions[holder][procedure] = session
            if operation.path.endswith("/withdrawal"):  # patients withdraw what they said themselves
                there = booked.replace("/v1/", "/v1/portal/")
                said = self._house.caller(session).post(f"{there}/exposures", {"to": "sun", "on": "2026-11-20"})
                assert said.json()["entry"] == _SAID_BY_PATIENT
            if operation.told["operationId"] == "remove_clearance":
                cleo, match = self._house.person("Cleo"), {"If-Match": f'"{version_of(self._house, procedure)}"'}
                cleared = cleo.send("PUT", f"{booked}/clearance", json={"accept": [GATE]}, headers=match)
                assert cleared.status_code == httpx.codes.OK
            if operation.path.endswith("/replay"):
                settle(self._house)
            self._procedures[operation.name] = procedure
        return self._procedures[operation.name]


def each(operation: Operation) -> Iterator[list[Change]]:
    """Give every value that is tried in every place of an operation, one at a time."""
    for place in places(operation):
        for value in (*within(place), *strange(place)):
            yield [(place, value)]


def some(operation: Operation, strange_ones: int) -> Iterator[list[Change]]:
    """Give the bounds of every place, and some of the other values, always the same ones."""
    chosen = Random(f"{SEED} {operation.name}")
    for place in places(operation):
        others = strange(place)
        for value in (*within(place), *chosen.sample(others, min(strange_ones, len(others)))):
            yield [(place, value)]


def mixed(number: int) -> Iterator[tuple[Operation, list[Change]]]:
    """Give requests in which up to four places are changed at once, always the same ones."""
    chosen, known = Random(SEED), probed()
    for _ in range(number):
        operation = chosen.choice(known)
        where = places(operation)
        picked = chosen.sample(where, min(len(where), chosen.randint(1, 4)))
        # What leads to a place is written before the place itself.
        picked.sort(key=lambda place: len(place.path))
        yield operation, [(place, chosen.choice((*within(place), *strange(place)) or (None,))) for place in picked]


def probed() -> tuple[Operation, ...]:
    """List the operations that have any place to write to."""
    return tuple(operation for operation in operations() if places(operation))


_SAID_BY_PATIENT = 4
"""The number of the entry, after the booking, the product and the gate."""
_NUMBERS = {"publish": 2, "retire": 2, "withdraw": _SAID_BY_PATIENT, "my_withdraw": _SAID_BY_PATIENT}
"""What stands in the address: the draft of somebody else, an entry that may be withdrawn."""
_PUBLISHED = ("diff", "migrate_many")
_QUERIES: dict[str, Json] = {"diff": {"from": 1, "to": 1}}


def _sound(operation: Operation, procedure: str, version: int | None, turn: int) -> Any:  # noqa: ANN401 - any JSON
    """Give a body that is well answered: the example, except where that speaks of what is not on this stage."""
    match operation.told["operationId"]:
        case "clear":
            return {"accept": [GATE], "note": "Seen today"}
        case "record_event":
            return {"event": "healed", "on": "2026-11-20"}
        case "migrate":
            return {"version": 1}
        case "migrate_many":
            return {"version": 1, "procedures": [{"id": procedure, "version": version}]}
        case "my_put_answers":
            return {"cold-sores": True}
        case "open_session":
            return {"procedure_id": procedure}
    body = body_of(operation)
    for part in (body, body.get("patient")) if isinstance(body, dict) else ():
        if isinstance(part, dict) and "reference" in part:
            part["reference"] = f"R-{turn}"
    return NOTHING if body is None else body


def _file(operation: Operation) -> tuple[bytes | None, str]:
    """Give the example of a body that is a text of some kind, with that kind."""
    for kind, told in operation.told.get("requestBody", {}).get("content", {}).items():
        if isinstance(told.get("example"), str):
            return told["example"].encode(), kind
    return None, ""


def _faults(
    operation: Operation, changes: Sequence[Change], request: httpx.Request, answer: httpx.Response
) -> Iterator[str]:
    told = operation.told["responses"].get(str(answer.status_code), {}).get("content", {})
    if not answer.is_success or answer.headers.get("content-type", "").partition(";")[0] not in {*told} - {JSON}:
        yield from faults(answer)
    if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
        yield answer.text
        return
    is_allowed = _is_allowed(operation, changes, request)
    if is_allowed is False and answer.status_code not in REFUSALS:
        yield f"the document does not allow {request.content[:200]!r}"
    if is_allowed is True and answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY:
        named = {one["code"] for one in answer.json()["errors"]} & FORM
        if named and operation.told["operationId"] not in UNTOLD:
            yield f"the document allows {request.content[:200]!r}: {answer.text}"


def _is_allowed(operation: Operation, changes: Sequence[Change], request: httpx.Request) -> bool | None:
    """Say whether the document allows a body; None when that cannot be told."""
    if {place.where for place, _ in changes} != {"body"}:
        return None
    try:
        body = json.loads(request.content, parse_constant=_refuse)
        json.dumps(body, ensure_ascii=False, allow_nan=False).encode()
        return validator(schema_at(operation, "requestBody", "content", JSON)).is_valid(body)
    except (ValueError, OverflowError):  # no JSON, half of a surrogate pair, or a number that is none
        return False
    except RecursionError:
        return None


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def _bytes(value: object) -> bytes:
    plain = value if isinstance(value, str) else json.dumps(value)
    return plain.encode("utf-8", "surrogatepass")


def _takes_text(place: Place) -> bool:
    return any(
        one.get("type") == "string" and "format" not in one and "enum" not in one for one in options(place.schema)
    )


def _most(place: Place) -> int:
    return max(int(one.get("maxLength", max(LADDER))) for one in options(place.schema))
