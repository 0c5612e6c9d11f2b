"""Try the door against the OpenAPI document with Schemathesis: all its checks, all its phases, always the same seed.

Nothing is kept from one run to the next, and no request leaves this process. Clinic Aster sends them, by whoever may do
what is asked, in turn; what Aster gets to read is then asked for by Birch, who must not get it.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, get_args

import schemathesis
from pydantic_core.core_schema import ErrorType
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import AcceptedNegativeData
from schemathesis.engine import Status, events, from_schema
from schemathesis.engine.run import TESTING_PHASES
from schemathesis.openapi.checks import RejectedPositiveData
from schemathesis.python import asgi

from tests.api.house import House, Json
from tests.contract.stage import GATE, OWN, PROTOCOLS, Clinic, set_stage
from tests.contract.street import Street, peers

if TYPE_CHECKING:
    from schemathesis import BaseSchema, Case, HookContext, Response
    from schemathesis.core.failures import Failure
    from schemathesis.engine.recorder import ScenarioRecorder
    from starlette.types import ASGIApp

SEED = 20261218
PHASES = ("examples", "coverage", "fuzzing", "stateful")
REFUSALS = (400, 401, 403, 404, 405, 409, 412, 413, 422, 428)
"""How a request that the document does not allow may be refused."""
FORM = frozenset({"idempotency-key", *(one.replace("_", "-") for one in get_args(ErrorType))})
"""The codes of faults of form, of which the document speaks. All others are about what a request means: it names what
is not there, or its parts do not fit together."""
UNTOLD = ("draft", "add_step", "import_bookings")
"""Their bodies are in the protocol language, or a file: of these the OpenAPI document does not speak."""
_KEY = re.compile(r"[\x21-\x7e]{1,255}")


@dataclass(frozen=True, slots=True)
class Found:
    """A violation: which check found it, where, and how to see it again."""

    check: str
    operation: str
    message: str
    how: str


@dataclass(slots=True)
class Trial:
    """What came of it."""

    cases: int = 0
    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    """How often each operation answered with each status."""
    found: list[Found] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    """What Schemathesis could not try at all."""

    def checks(self) -> set[str]:
        """Name the checks that found something."""
        return {one.check for one in self.found}

    def well(self) -> set[str]:
        """Name the operations that answered well at least once."""
        return {operation for operation, status in self.answers if status < 300}


def run(
    house: House,
    *,
    examples: int,
    phases: Iterable[str] = PHASES,
    only: Iterable[str] = (),
    app: ASGIApp | None = None,
) -> Trial:
    """Set the stage and try every operation, or some by their operationId.

    ``examples`` are the cases of fuzzing an operation, and the chains of steps. ``app`` stands around the house's.
    """
    aster, birch = set_stage(house)
    house.wait(house.store.aclose())
    document = json.loads(json.dumps(house.app.openapi()))
    config = SchemathesisConfig.from_dict(_settings(aster, examples, frozenset(phases)))
    schema: BaseSchema = schemathesis.openapi.from_dict(document, config=config)
    if only:
        schema = schema.include(operation_id=list(only))
    schema.app = Street(house, app or house.app, aster)
    schema.auth.providers.append(peers([aster, birch]))
    schema.hook("filter_failure")(_is_a_violation)
    trial = Trial()
    try:
        for event in from_schema(schema).execute():
            _note(trial, event)
    finally:
        asgi.shutdown_lifespans()
    return trial


def _settings(aster: Clinic, examples: int, phases: frozenset[str]) -> Json:
    known: dict[str, list[str] | list[int]] = {
        "procedures": aster.procedures,
        "patients": aster.patients,
        "webhooks": aster.webhooks,
        "deliveries": aster.deliveries,
        "references": [f"Aster-{number}" for number in range(len(PROTOCOLS))],
        "protocols": [OWN, *PROTOCOLS],
        "slugs": [OWN, OWN, OWN, *PROTOCOLS],
        "steps": ["no-sun", GATE, GATE, "sunscreen"],
        "numbers": [1, 2, 2, 2, 3],
        "days": ["2026-11-20", "2026-12-04", "2026-12-18", "2027-01-15"],
        "zones": ["Europe/Amsterdam", "Pacific/Apia"],
        "classes": ["sun", "tanning-bed"],
        "events": ["healed"],
    }
    bound = {
        "path.procedure_id": ("procedures", 0.9),
        "path.patient_id": ("patients", 0.7),
        "path.webhook_id": ("webhooks", 0.8),
        "path.delivery": ("deliveries", 0.8),
        "path.message": ("deliveries", 0.8),
        "path.name": ("protocols", 0.7),
        "path.slug": ("slugs", 0.7),
        "path.n": ("numbers", 0.8),
        "path.step": ("steps", 0.7),
        "query.reference": ("references", 0.5),
        "body.protocol": ("protocols", 0.8),
        "body.step": ("steps", 0.7),
        "body.patient_id": ("patients", 0.5),
        "body.on": ("days", 0.7),
        "body.to_on": ("days", 0.7),
        "body.to": ("classes", 0.7),
        "body.event": ("events", 0.7),
        "body.time_zone": ("zones", 0.9),
        "body.patient.time_zone": ("zones", 0.9),
    }
    coverage = {"enabled": "coverage" in phases, "unexpected-methods": ["options", "put", "query"]}
    return {
        "seed": SEED,
        "workers": 1,
        "continue-on-failure": True,
        "dictionaries": {name: {"values": values} for name, values in known.items()},
        "parameters": {at: {"dictionary": name, "probability": often} for at, (name, often) in bound.items()},
        "generation": {"max-examples": examples, "no-shrink": True, "database": "none"},
        "phases": {phase: {"enabled": phase in phases} for phase in PHASES} | {"coverage": coverage},
        "checks": {"negative_data_rejection": {"expected-statuses": list(REFUSALS)}},
    }


def _is_a_violation(_context: HookContext, failure: Failure, case: Case[Any], response: Response) -> bool:
    """Leave out what is refused for its meaning rather than its form, and so cannot stand in the document."""
    told = case.operation.definition.raw
    if isinstance(failure, RejectedPositiveData):
        match response.status_code:
            case 412 | 428:
                return "if-match" not in case.operation.headers
            case 400:  # a cursor that we did not give out
                return "cursor" not in case.query
            case 422:
                codes = {fault["code"] for fault in response.json()["errors"]}
                return told["operationId"] not in UNTOLD and bool(codes & FORM)
    if isinstance(failure, AcceptedNegativeData) and case.query.get("preview"):
        # Nothing is done, so nothing can be done twice: the key is not looked at.
        return _KEY.fullmatch(str(case.headers.get("idempotency-key", "none"))) is not None
    return True


def _note(trial: Trial, event: events.EngineEvent) -> None:
    if isinstance(event, events.FatalError):
        raise event.exception
    if isinstance(event, events.NonFatalError):
        trial.broken.append(f"{event.label}: {event.info.title}: {event.info.message}")
    if isinstance(event, events.ScenarioFinished) and event.phase in TESTING_PHASES:
        _count(trial, event.recorder)


def _count(trial: Trial, recorder: ScenarioRecorder) -> None:
    for case_id, interaction in recorder.interactions.items():
        trial.cases += 1
        if interaction.response is not None:
            trial.answers[recorder.cases[case_id].value.operation.label, interaction.response.status_code] += 1
    for checks in recorder.checks.values():
        for check in checks:
            if check.status is Status.FAILURE and check.failure_info is not None:
                failure, how = check.failure_info.failure, check.failure_info.code_sample
                trial.found.append(Found(check.name, failure.operation or "", failure.message, how))
