"""Write an event for a clinic's own systems, as CloudEvents 1.0 in JSON.

By default it holds ids only: whoever is told asks the API for the rest. What the clinic has cleared an endpoint for
comes on top.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any


def event_payload(
    message_id: str,
    topic: str,
    source: str,
    procedure_id: str | None,
    body: Mapping[str, Any],
    at: datetime,
    *,
    full: bool,
) -> bytes:
    """Write the body of a webhook; ``source`` names the clinic, ``at`` is when it happened."""
    data: dict[str, Any] = {
        "procedure_id": procedure_id,
        **{name: body.get(name) for name in ("patient_id", "version", "entry")},
    }
    if full:
        data |= body.get("details", {})
    event = {
        "specversion": "1.0",
        "id": message_id,
        "type": topic,
        "source": source,
        "time": at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "data": data,
    }
    if procedure_id is not None:
        event["subject"] = procedure_id
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
