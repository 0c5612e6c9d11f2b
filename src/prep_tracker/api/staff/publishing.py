"""Write protocols: drafts with their lint report, publishing, differences, simulation; and migrate what is booked."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from pydantic_core import to_json
from starlette.responses import Response, StreamingResponse

from prep_tracker.api import clinic_examples
from prep_tracker.api import protocol_schemas as shapes
from prep_tracker.api.documenting import documented
from prep_tracker.api.door import (
    Door,
    IdempotencyKey,
    Lang,
    Service,
    act,
    desk_of,
    read,
    respond,
    words_of,
)
from prep_tracker.api.wire import Answer, answer
from prep_tracker.api.witness import showed_more
from prep_tracker.catalog import check_protocol, lexicon, load_protocol
from prep_tracker.catalog.published import published
from prep_tracker.domain.errors import Fault, InvalidError
from prep_tracker.services import publishing, simulation
from prep_tracker.services.simulation import Effect, Tally

if TYPE_CHECKING:
    from prep_tracker.catalog import Located
    from prep_tracker.desk.case import Desk
    from prep_tracker.domain.lint_finding import Finding
    from prep_tracker.domain.protocol import Protocol
    from prep_tracker.domain.rules import Rules
    from prep_tracker.store import Connection
    from prep_tracker.store.protocols import ProtocolRow

router = APIRouter(route_class=Door, tags=["Protocols"])
LEADS = ("clinician", "admin")
Slug = Annotated[
    str,
    Path(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64, description="The protocol's name.", examples=["our-peel"]),
]
Number = Annotated[int, Path(ge=1, le=999_999, description="The number of the draft or version.")]
PREVIEW = Annotated[bool, Query(description="Answer what it would do, and change nothing.")]
BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/yaml": {"schema": {"type": "string"}, "example": clinic_examples.DRAFT},
            "application/json": {"schema": {"type": "object"}, "example": clinic_examples.DRAFT_AS_JSON},
        },
    }
}


def _with_body(extra: dict[str, Any]) -> dict[str, Any]:
    extra["openapi_extra"] |= BODY
    return extra


@router.post(
    "/v1/protocols/{slug}/drafts",
    status_code=201,
    response_model=shapes.DraftOut,
    summary="Send a draft",
    **_with_body(documented(None, clinic_examples.DRAFTED, 400, 413, roles=LEADS)),
)
async def draft(request: Request, slug: Slug, idempotency_key: IdempotencyKey = None) -> Response:
    """Send a protocol, as YAML or JSON. It is kept as a draft, and the answer says what the linter thinks of it."""
    protocol, report = _read(request.headers.get("content-type", ""), await request.body())

    def work(connection: Connection, desk: Desk) -> Answer:
        row = publishing.draft(connection, desk, slug, protocol)
        location = f"/v1/protocols/{slug}/drafts/{row.number}"
        return answer(201, _draft_document(row, report), Location=location)

    return await act(request, work)


@router.get(
    "/v1/protocols/{slug}/drafts",
    response_model=shapes.VersionsOut,
    summary="List all versions of a protocol",
    **documented(None, clinic_examples.VERSIONS, 404, roles=LEADS),
)
async def list_versions(request: Request, slug: Slug) -> Response:
    """List the versions of a protocol, drafts and retired ones included, by number."""
    rows = await read(request, lambda c, d: publishing.list_versions(c, d, slug))
    items = [
        {
            "version": row.number,
            "status": row.status,
            "own": row.clinic_id is not None,
            "created_by": row.created_by,
            "published_by": row.published_by,
            "content_hash": row.content_hash,
        }
        for row in rows
    ]
    return respond(answer(200, {"items": items, "next": None}))


@router.get(
    "/v1/protocols/{slug}/drafts/{n}",
    response_model=shapes.DraftOut,
    summary="Read a draft and its lint report",
    **documented(None, clinic_examples.DRAFTED, 404, roles=LEADS),
)
async def get_draft(request: Request, slug: Slug, n: Number) -> Response:
    """Read one of the clinic's own versions, with what the linter thinks of it."""
    row = await read(request, lambda c, d: publishing.read_draft(c, d, slug, n))
    report = [_finding(f, None) for f in publishing.lint_draft(row)]
    return respond(answer(200, _draft_document(row, report) | {"content": json.loads(row.content)}))


@router.post(
    "/v1/protocols/{slug}/drafts/{n}/publish",
    response_model=shapes.DraftOut,
    summary="Publish a draft",
    **documented(None, clinic_examples.PUBLISHED, 404, 409, roles=LEADS),
)
async def publish(request: Request, slug: Slug, n: Number, idempotency_key: IdempotencyKey = None) -> Response:
    """Publish a draft that another person wrote. From then on it never changes; bookings keep the version they have."""

    def work(connection: Connection, desk: Desk) -> Answer:
        row, findings = publishing.publish(connection, desk, slug, n)
        return answer(200, _draft_document(row, [_finding(f, None) for f in findings]))

    return await act(request, work)


@router.post(
    "/v1/protocols/{slug}/drafts/{n}/retire",
    response_model=shapes.DraftOut,
    summary="Retire a version",
    **documented(None, clinic_examples.PUBLISHED | {"status": "retired"}, 404, 409, roles=LEADS),
)
async def retire(request: Request, slug: Slug, n: Number, idempotency_key: IdempotencyKey = None) -> Response:
    """Retire a published version: nobody books it any more; what is booked with it stays."""

    def work(connection: Connection, desk: Desk) -> Answer:
        return answer(200, _draft_document(publishing.retire(connection, desk, slug, n), []))

    return await act(request, work)


@router.get(
    "/v1/protocols/{slug}/diff",
    response_model=shapes.DiffOut,
    summary="Compare two versions",
    **documented(None, clinic_examples.DIFF, 404),
)
async def diff(
    request: Request,
    slug: Slug,
    old: Annotated[int, Query(alias="from", ge=1, le=999_999, description="The version before.")],
    new: Annotated[int, Query(alias="to", ge=1, le=999_999, description="The version after.")],
    lang: Lang = None,
) -> Response:
    """Say what changed between two versions, step by step, and how many booked patients are asked to start earlier."""
    words = words_of(request, lang)
    found = await read(request, lambda c, d: publishing.compare(c, d, slug, old, new))
    steps = []
    for one in found:
        sentence = words.say(one.difference.phrase)
        if one.earlier:
            sentence = f"{sentence} {words.count('diff.earlier', one.earlier)}"
        steps.append(
            {
                "step": one.difference.step,
                "change": one.difference.kind,
                "sentence": sentence,
                "only_texts": one.difference.only_texts,
                "patients_earlier": one.earlier,
                "fields": [{"field": f, "from": before, "to": after} for f, before, after in one.difference.fields],
            }
        )
    document = {"protocol": slug, "from": old, "to": new, "steps": steps}
    return respond(answer(200, document, Content_Language=words.language))


@router.post(
    "/v1/protocols/{slug}/drafts/{n}/simulate",
    response_model=shapes.SimulationLineOut,
    summary="Try a draft on everything that is booked",
    **documented(None, clinic_examples.SIMULATED, 404, roles=LEADS),
)
async def simulate(request: Request, slug: Slug, n: Number) -> Response:
    """Say what would change for every booked procedure, one JSON document a line; nothing is stored.

    Lines of progress come in between, and the last line sums up.
    """
    row = await read(request, lambda c, d: publishing.read_draft(c, d, slug, n))
    total = await read(request, lambda c, d: simulation.count(c, d, slug))
    rules = published(row.slug, row.number, row.content_hash, row.content)
    return StreamingResponse(_simulated(request, rules, slug, total), media_type="application/x-ndjson")


async def _simulated(request: Request, rules: Rules, slug: str, total: int) -> AsyncIterator[bytes]:
    service: Service = request.app.state.service
    desk, tally, after = desk_of(request), Tally(), ""
    while True:
        effects, tried, following = await service.store.read(
            lambda c, after=after: simulation.try_batch(c, desk, rules, slug, after),  # type: ignore[misc]
            desk.clinic.id,
        )
        tally.add(effects, tried)
        showed_more(request, procedures=[effect.row.id for effect in effects])
        yield b"".join(to_json(_effect(effect)) + b"\n" for effect in effects)
        yield to_json({"line": "progress", "done": tally.done, "total": max(total, tally.done)}) + b"\n"
        if following is None:
            break
        after = following
    summary = {name: getattr(tally, name) for name in ("changed", "worse", "messaged", "becomes")}
    yield to_json({"line": "summary", "done": tally.done, "total": tally.done, **summary}) + b"\n"


def _read(content_type: str, body: bytes) -> tuple[Protocol, list[dict[str, Any]]]:
    """Read a draft as YAML or JSON; what cannot be read at all is refused with every fault and its place."""
    if content_type.partition(";")[0].strip().lower() == "application/json":
        try:
            data = json.loads(body, object_pairs_hook=_once)
            json.dumps(data, ensure_ascii=False).encode()  # half of a surrogate pair cannot even be quoted in an answer
        except InvalidError:
            raise
        except (ValueError, RecursionError):
            raise InvalidError(Fault("", "json", "The body is not well-formed JSON.")) from None
        protocol, found = check_protocol(data, lexicon())
        report = [_finding(f, None) for f in found]
        faults = [Fault(f.pointer, f.code, f"{f.message}. {f.mend}") for f in found]
    else:
        protocol, located = load_protocol(body, lexicon(), "draft")
        report = [_finding(one.finding, one.line) for one in located]
        faults = _faults(located)
    if protocol is None:
        raise InvalidError(*faults)
    return protocol, report


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(key for place, (key, _) in enumerate(pairs) if key in dict(pairs[:place]))
        shown = twice[:40].encode(errors="replace").decode()
        raise InvalidError(Fault("", "unreadable", f"The key {shown} comes twice. Remove one of the two."))
    return found


def _faults(located: Iterable[Located]) -> list[Fault]:
    return [
        Fault(x.finding.pointer, x.finding.code, f"Line {x.line}: {x.finding.message}. {x.finding.mend}")
        for x in located
    ]


def _finding(found: Finding, line: int | None) -> dict[str, Any]:
    return {
        "level": found.level,
        "code": found.code,
        "step": found.step,
        "pointer": found.pointer,
        "line": line,
        "message": found.message,
        "mend": found.mend,
    }


def _draft_document(row: ProtocolRow, report: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "slug": row.slug,
        "draft": row.number,
        "status": row.status,
        "created_by": row.created_by,
        "published_by": row.published_by,
        "content_hash": row.content_hash,
        "publishable": row.status == "draft" and not any(f["level"] == "fault" for f in report),
        "findings": report,
        "content": None,
    }


def _effect(effect: Effect) -> dict[str, Any]:
    return {
        "line": "procedure",
        "procedure_id": effect.row.id,
        "on": effect.row.procedure_on,
        "protocol": f"{effect.row.protocol_slug}@{effect.row.protocol_number}",
        "standing": {"before": effect.before, "after": effect.after},
        **{name: getattr(effect, name) for name in ("worse", "moved", "added", "removed")},
        "messages": {"dropped": effect.dropped, "planned": effect.planned},
    }
