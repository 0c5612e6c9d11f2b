"""Look before booking: what a text contains, which days could be, and what a protocol asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from prep_tracker.api import review_examples, schemas
from prep_tracker.api import review_results as shapes
from prep_tracker.api.documenting import documented
from prep_tracker.api.door import AsOf, Door, Lang, read, respond, words_of
from prep_tracker.api.staff.views import known_of
from prep_tracker.api.wire import answer
from prep_tracker.desk.products import scan
from prep_tracker.domain import explain
from prep_tracker.exports.document import iso
from prep_tracker.exports.questions import questions_document
from prep_tracker.exports.scanning import scan_document
from prep_tracker.services import checklist, feasibility

if TYPE_CHECKING:
    from prep_tracker.catalog.words import Words
    from prep_tracker.services.feasibility import Candidate

router = APIRouter(route_class=Door, tags=["Looking ahead"])


@router.post(
    "/v1/scan",
    response_model=shapes.ScanOut,
    summary="Look through a label or a list of medicines",
    **documented(review_examples.SCAN, review_examples.SCANNED, scope="scan"),
)
async def scan_text(request: Request, body: schemas.ScanIn) -> Response:
    """Say what a text contains, with the words that say so. What is not recognised is never called safe."""
    return respond(answer(200, scan_document(scan(body.text))))


@router.post(
    "/v1/feasibility",
    response_model=shapes.FeasibilityOut,
    summary="Find a day that could be",
    **documented(review_examples.WISH, review_examples.FEASIBLE, scope="procedures:read"),
)
async def find_days(request: Request, body: schemas.FeasibilityIn, lang: Lang = None) -> Response:
    """Find the first safe days on which the clinic works, with the arithmetic of each rule. Nothing is stored."""
    words = words_of(request, lang)
    wish = feasibility.Wish(body.protocol, known_of(body), body.not_before, body.count)
    found = await read(request, lambda c, d: feasibility.find_days(c, d, wish))
    document = {
        "protocol": found.checklist.rules.name,
        "as_of": iso(found.today),
        "earliest_safe_on": iso(found.safe),
        "earliest_preferred_on": iso(found.preferred),
        "days": [_candidate(one, words) for one in found.candidates],
    }
    return respond(answer(200, document, Content_Language=words.language))


@router.get(
    "/v1/procedures/{procedure_id}/questions",
    response_model=shapes.QuestionsOut,
    summary="Read what the protocol asks",
    **documented(None, review_examples.QUESTIONS, 404, scope="procedures:read"),
)
async def get_questions(request: Request, procedure_id: str, as_of: AsOf = None, lang: Lang = None) -> Response:
    """Read everything that the protocol asks as one form, with what is still unknown."""
    words = words_of(request, lang)
    found = await read(request, lambda c, d: checklist.read_checklist(c, d, procedure_id, as_of))
    document = questions_document(found.case.checklist, found.status.day, words)
    return respond(answer(200, document, Content_Language=words.language))


def _candidate(one: Candidate, words: Words) -> dict[str, Any]:
    return {
        "on": iso(one.on),
        "ok": one.ok,
        "because": [
            {
                "step": item.rule.step.id,
                "sentence": words.say(explain.arithmetic(one.checklist, item, short)),
                "days_short": short,
            }
            for item, short in one.rules()
        ],
    }
