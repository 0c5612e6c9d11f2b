"""Write the protocol language down as JSON Schema, for editors that complete and check while somebody writes."""

from __future__ import annotations

from typing import Any

from prep_tracker.domain.protocol import Protocol


def json_schema() -> dict[str, Any]:
    """Give the schema (JSON Schema 2020-12). It says what fits the language; what makes sense only the linter knows."""
    schema = Protocol.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
