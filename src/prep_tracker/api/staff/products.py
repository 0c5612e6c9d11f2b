"""Name products and medicines of a patient, say more about them, and decide about them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from prep_tracker.api import results, review_examples, schemas
from prep_tracker.api import review_results as shapes
from prep_tracker.api.cursors import Cursor, Limit, link, page_of
from prep_tracker.api.documenting import documented
from prep_tracker.api.door import (
    STAFF,
    Door,
    IdempotencyKey,
    IfMatch,
    Lang,
    act,
    desk_of,
    read,
    respond,
    versions_of,
    words_of,
)
from prep_tracker.api.examples import SAID
from prep_tracker.api.staff.views import etag, said_document
from prep_tracker.api.wire import Answer, answer
from prep_tracker.desk.ordering import NewProduct
from prep_tracker.desk.products import scan
from prep_tracker.domain.errors import ForbiddenError
from prep_tracker.exports.document import iso
from prep_tracker.exports.scanning import scan_document
from prep_tracker.services import review

if TYPE_CHECKING:
    from prep_tracker.desk.case import Case, Desk
    from prep_tracker.domain.record import Product
    from prep_tracker.store import Connection

router = APIRouter(route_class=Door, tags=["Products"])
Number = Annotated[int, Path(ge=1, le=10**6, description="The product's number: that of the entry which named it.")]
WRITE = "procedures:write"


@router.get(
    "/v1/procedures/{procedure_id}/products",
    response_model=shapes.ProductsOut,
    summary="List products and medicines",
    **documented(None, {"items": [review_examples.PRODUCT], "next": None}, 404, scope="procedures:read"),
)
async def list_products(request: Request, procedure_id: str, limit: Limit = 50, given: Cursor = None) -> Response:
    """List the products and medicines that were named, oldest first, with what is known of each."""
    case = await read(request, lambda c, d: review.read_products(c, d, procedure_id))
    products = case.checklist.record.products
    page, following = page_of(f"products:{procedure_id}", sorted(products), limit, given)
    made = answer(200, {"items": [_product(case, products[n]) for n in page], "next": following})
    return respond(Answer(200, made.body, link(request, following)))


@router.post(
    "/v1/procedures/{procedure_id}/products",
    status_code=201,
    response_model=shapes.AddedProductOut,
    summary="Name a product or medicine",
    **documented(review_examples.NEW_PRODUCT, review_examples.ADDED_PRODUCT, 404, 409, scope=WRITE),
)
async def add_product(
    request: Request,
    procedure_id: str,
    body: schemas.ProductIn,
    lang: Lang = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Name a product: what its text matches is kept with it, and brings its steps in at once."""
    words = words_of(request, lang)
    product = NewProduct(body.text, body.kind, body.prescribed, body.last_used_on)

    def work(connection: Connection, desk: Desk) -> Answer:
        case = review.add_product(connection, desk, procedure_id, product)
        said = said_document(case, words)
        said.pop("entry")
        document = _product(case, case.checklist.record.products[case.row.version]) | scan_document(scan(body.text))
        return answer(201, document | said, ETag=etag(case, desk, words), Content_Language=words.language)

    return await act(request, work)


@router.patch(
    "/v1/procedures/{procedure_id}/products/{n}",
    response_model=results.SaidOut,
    summary="Say more about a product",
    **documented({"stopped_on": "2026-12-02"}, SAID, 404, 409, scope=WRITE),
)
async def change_product(
    request: Request, procedure_id: str, n: Number, body: schemas.ProductChangeIn, lang: Lang = None
) -> Response:
    """Say that it was prescribed, last used or stopped; staff confirm or reject what it may be."""
    if (body.confirm or body.reject) and desk_of(request).actor.role not in STAFF:
        raise ForbiddenError("Only staff confirm or reject what a product may be.")
    more = review.More(body.prescribed, body.last_used_on, body.stopped_on, tuple(body.confirm), tuple(body.reject))
    return await _said(request, lang, 200, lambda c, d: review.change_product(c, d, procedure_id, n, more))


@router.post(
    "/v1/procedures/{procedure_id}/products/{n}/decision",
    status_code=201,
    response_model=results.SaidOut,
    summary="Decide about a product",
    **documented(review_examples.DECISION, SAID, 404, 409, 412, 428, roles=("clinician",)),
)
async def decide(
    request: Request,
    procedure_id: str,
    n: Number,
    body: schemas.DecisionIn,
    lang: Lang = None,
    if_match: IfMatch = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Decide as a clinician: continue, hold, change, ask the prescriber, or stop as agreed with the prescriber."""
    match = versions_of(if_match)
    return await _said(
        request,
        lang,
        201,
        lambda c, d: review.decide(c, d, procedure_id, n, body.decision, body.note, if_match=match),
    )


async def _said(request: Request, lang: str | None, status: int, say: Callable[[Connection, Desk], Case]) -> Response:
    words = words_of(request, lang)

    def work(connection: Connection, desk: Desk) -> Answer:
        case = say(connection, desk)
        return answer(status, said_document(case, words), ETag=etag(case, desk, words), Content_Language=words.language)

    return await act(request, work)


def _product(case: Case, product: Product) -> dict[str, Any]:
    steps = [i.rule.step.id for i in case.checklist.items if (product.classes | product.doubtful) & i.rule.members]
    return {
        "n": product.number,
        "text": product.text,
        "kind": product.category,
        "label": product.label,
        "prescribed": product.prescribed,
        "last_used_on": iso(product.last_used),
        "stopped_on": iso(product.stopped),
        "classes": sorted(c for c in product.classes if c in case.lexicon),
        "minor": sorted(product.minor),
        "doubtful": sorted(product.doubtful),
        "decision": product.decision,
        "decided_on": iso(product.decided_on or None),
        "steps": steps,
    }
