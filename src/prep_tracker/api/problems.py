"""Say what went wrong as ``application/problem+json`` (RFC 9457): one table from errors to answers, one to explain."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from fastapi.exceptions import RequestValidationError
from pydantic_core import to_json
from starlette.exceptions import HTTPException
from starlette.responses import Response

from prep_tracker.api.cursors import CursorError
from prep_tracker.api.logs import failed
from prep_tracker.catalog import speaking
from prep_tracker.domain import errors as e
from prep_tracker.domain import people
from prep_tracker.exports.document import reason_document

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import FastAPI, Request


class Kind(NamedTuple):
    """One type of problem: its status, title, and what to do about it."""

    status: int
    title: str
    advice: str


KINDS: dict[str, Kind] = {
    "bad-request": Kind(400, "The request cannot be read", "Check that the body is well-formed JSON in UTF-8."),
    "unauthenticated": Kind(401, "Say who you are", "Send a valid key as Authorization: Bearer …"),
    "forbidden": Kind(403, "Your role may not do this", "Ask somebody with the role that the detail names."),
    "not-found": Kind(404, "There is no such thing", "Check the address. What belongs to others looks the same."),
    "method-not-allowed": Kind(405, "This cannot be done here", "Use one of the methods in the Allow header."),
    "conflict": Kind(409, "It contradicts what is stored", "Read the detail, look at what is stored, then decide."),
    "blocked": Kind(409, "Something blocks this procedure", "Mend what blocks it, waive it, or accept it by name."),
    "busy": Kind(409, "The same request is being worked on", "Wait a moment, then send it again with the same key."),
    "stale": Kind(412, "It was changed in the meantime", "Read it again, decide anew, and send the new ETag."),
    "too-large": Kind(413, "The body is too large", "Send at most 256 KiB, of a file to import 10 MiB."),
    "invalid": Kind(422, "Some fields need to be corrected", "Each of errors names a field and what to send instead."),
    "key-reused": Kind(422, "This Idempotency-Key was used for something else", "Use a new key for a new request."),
    "precondition-required": Kind(428, "Send If-Match", "Read the procedure and send its ETag as If-Match."),
    "too-many-requests": Kind(429, "Too many requests", "Wait as long as Retry-After says."),
    "internal": Kind(500, "Something went wrong on our side", "Tell whoever runs the service the request_id."),
    "unavailable": Kind(503, "Something this needs cannot be reached", "Try again after as long as Retry-After says."),
}

ERRORS: dict[type[e.PrepError], str] = {
    e.InvalidError: "invalid",
    e.NotFoundError: "not-found",
    e.UnauthenticatedError: "unauthenticated",
    e.ForbiddenError: "forbidden",
    e.StaleError: "stale",
    e.PreconditionRequiredError: "precondition-required",
    e.ConflictError: "conflict",
    e.BlockedError: "blocked",
    e.IdempotencyMismatchError: "key-reused",
    e.BusyError: "busy",
    e.UnavailableError: "unavailable",
    e.TooOftenError: "too-many-requests",
}
BY_STATUS = {400: "bad-request", 401: "unauthenticated", 403: "forbidden", 404: "not-found", 405: "method-not-allowed"}
BY_STATUS |= {413: "too-large", 422: "invalid", 429: "too-many-requests", 503: "unavailable"}


_CHECKERS = re.compile(r"(function-\w+|tagged-union|nullable|list|dict)\[.*\]|\[key\]|str|constrained-str", re.DOTALL)
"""What Pydantic adds to the place of a fault to say which of its checks found it."""


_NAMELESS = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9]{1,6}")
_QUICK = re.compile(rf"/v1/procedures/(?:{_NAMELESS.pattern})/checklist")
"""What is answered before the app finds its route (``quick``)."""


def problem(
    request: Request, slug: str, detail: str, *, headers: Mapping[str, str] | None = None, **extra: object
) -> Response:
    """Make a problem document. ``instance`` is the path without its query."""
    kind = KINDS[slug]
    document = {
        "type": f"/v1/problems/{slug}",
        "title": kind.title,
        "status": kind.status,
        "detail": detail,
        "instance": _instance(request, kind.status),
        "request_id": request.state.request_id,
    }
    return Response(
        to_json(document | extra),
        kind.status,
        {"Cache-Control": "no-store", **(headers or {})},
        media_type="application/problem+json",
    )


def _instance(request: Request, status: int) -> str:
    """Give the path, as far as what stands in it is ids and numbers.

    Else, and for what is not found, it is the path of its kind, so that the answer is the same whatever was asked for.
    """
    route, path = request.scope.get("route"), str(request.scope["path"])
    if route is None:
        return path if _QUICK.fullmatch(path) else "/"
    values = request.scope.get("path_params", {}).values()
    is_told = status != 404 and all(_NAMELESS.fullmatch(str(value)) for value in values)  # noqa: PLR2004 - its name
    return path if is_told else str(route.path)


def install(app: FastAPI) -> None:
    """Let every error of the app answer as a problem document."""
    app.add_exception_handler(e.PrepError, expected)  # type: ignore[arg-type]
    app.add_exception_handler(RequestValidationError, _unreadable)  # type: ignore[arg-type]
    app.add_exception_handler(HTTPException, _http)  # type: ignore[arg-type]


async def expected(request: Request, error: e.PrepError) -> Response:
    """Answer an error that the domain knows. A wrong credential is counted here, wherever it was refused."""
    if isinstance(error, e.UnauthenticatedError) and gives_credential(request):
        try:
            request.app.state.limits.count_wrong(request.client and request.client.host)
        except e.TooOftenError as too_often:
            error = too_often
    slug = ERRORS[type(error)]
    headers: dict[str, str] = {}
    extra: dict[str, Any] = {}
    if isinstance(error, e.InvalidError):
        extra["errors"] = [{"pointer": f.pointer, "code": f.code, "message": f.message} for f in error.faults]
    if isinstance(error, e.BlockedError):
        words = speaking.words(speaking.choose_language(None, request.headers.get("accept-language")))
        extra["reasons"] = [reason_document(error.checklist, reason, words) for reason in error.reasons]
        headers["Vary"] = "Accept-Language"
    if isinstance(error, e.StaleError):
        from prep_tracker.api.door import desk_of, tag

        language = speaking.choose_language(request.query_params.get("lang"), request.headers.get("accept-language"))
        headers["ETag"] = extra["etag"] = tag(desk_of(request), error.version, None, language)
        headers["Vary"] = "Accept-Language"
    if isinstance(error, e.UnauthenticatedError):
        headers["WWW-Authenticate"] = 'Bearer realm="prep-tracker"'
    if isinstance(error, e.UnavailableError):
        headers["Retry-After"] = "2"
    if isinstance(error, e.TooOftenError):
        headers["Retry-After"] = str(error.seconds)
    return problem(request, slug, error.detail, headers=headers, **extra)


def gives_credential(request: Request) -> bool:
    """Say whether there is any credential in a request, right or wrong."""
    return bool(request.headers.get("authorization", "").partition(" ")[2].strip())


async def _unreadable(request: Request, error: RequestValidationError) -> Response:
    if any(one["type"] == "json_invalid" for one in error.errors()):
        return problem(request, "bad-request", "The body is not well-formed JSON.")
    return await expected(request, e.InvalidError(*faults_of(error)))


def faults_of(error: RequestValidationError) -> list[e.Fault]:
    """Name the wrong fields of a request in our own words."""
    return [e.Fault(_pointer(one["loc"]), str(one["type"]).replace("_", "-"), _message(one)) for one in error.errors()]


async def _http(request: Request, error: HTTPException) -> Response:
    slug = BY_STATUS.get(error.status_code, "internal")
    detail = error.detail if isinstance(error, CursorError) else KINDS[slug].advice
    return problem(request, slug, detail, headers=error.headers)


def unexpected(request: Request, error: Exception) -> Response:
    """Answer what nobody expected: logged without its text, for that may hold what somebody typed."""
    failed(request, error)
    return problem(request, "internal", KINDS["internal"].advice)


def _pointer(loc: tuple[str | int, ...]) -> str:
    """Write where a field stands as a JSON pointer; what the checker adds for itself is left out."""
    parts = [str(part) for part in loc[1:] if not _CHECKERS.fullmatch(str(part))]
    return "".join("/" + re.sub(r"[^\x20-\x7e]", "?", p)[:64].replace("~", "~0").replace("/", "~1") for p in parts)


_PLAIN = {
    "extra_forbidden": "This field is not known here: remove it.",
    "string_type": "Send a text.",
    "bool_type": "Send true or false.",
    "bool_parsing": "Send true or false.",
    "int_type": "Send a whole number.",
    "int_parsing": "Send a whole number.",
    "timezone_aware": "Say how far from UTC, for example 2026-12-18T09:30:00Z.",
    "string_unicode": "Send valid Unicode text: half of a surrogate pair is no character.",
    "model_attributes_type": "Send a JSON object.",
    "model_type": "Send a JSON object.",
    "dict_type": "Send a JSON object.",
    "list_type": "Send a list, in square brackets.",
    "string_pattern_mismatch": "Send a text of this form: {pattern}.",
    "string_too_long": "Send at most {max_length} characters.",
    "too_long": "Send at most {max_length}.",
    "greater_than_equal": "Send {ge} or more.",
    "less_than_equal": "Send {le} or less.",
}
"""What to send instead, by what the checker found."""
_LIKE = {people.EMAIL: people.EMAIL_LIKE, people.PHONE: people.PHONE_LIKE, people.LANGUAGE: people.LANGUAGE_LIKE}
"""The same, by the pattern that a text does not fit: nobody should have to read one."""


def _message(error: Mapping[str, Any]) -> str:
    ctx = error.get("ctx") or {}
    match error["type"]:
        case "missing":
            return "Send this field." if error["loc"][0] == "body" else "Send this."
        case "together":
            return str(error["msg"])
        case "value_error":
            sentence = str(error["msg"]).removeprefix("Value error, ")
            return f"{sentence[:1].upper()}{sentence[1:]}."
        case "string_too_short":
            least = ctx["min_length"]
            return "Send a text that is not empty." if least == 1 else f"Send at least {least} characters."
        case "literal_error":
            expected = str(ctx["expected"]).replace("'", "")
            return f"Send {expected}."
        case "string_pattern_mismatch" if ctx["pattern"] in _LIKE:
            return _LIKE[ctx["pattern"]]
        case kind:
            return _PLAIN[kind].format_map(ctx) if kind in _PLAIN else f"{error['msg']}."
