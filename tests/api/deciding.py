"""Decide over HTTP as the clinic does: on the version that was just read."""

from __future__ import annotations

from typing import Any

import httpx

from tests.api.house import Caller, House, Json

READY = {"no-sun": None, "no-retinoids": None, "no-aha": None, "no-bha": None}
"""Every avoid of the plain sheet, never broken as far as anybody knows."""


def change(caller: Caller, method: str, procedure: str, what: str, body: Any = None) -> httpx.Response:  # noqa: ANN401 - any body
    """Change a procedure as it now stands."""
    tag = caller.get(procedure).headers["etag"]
    request: dict[str, Any] = {} if body is None else {"json": body}
    return caller.send(method, f"{procedure}/{what}", headers={"If-Match": tag}, **request)


def key_for(house: House, role: str, person: str, *scopes: str) -> Caller:
    """Let Aster's admin make a key; give whoever holds it."""
    made = house.person("Ada").post("/v1/keys", {"role": role, "person": person, "scopes": list(scopes)})
    assert made.status_code == 201, made.text
    return Caller(house, made.json()["key"])


def level(caller: Caller, procedure: str, **query: str) -> str:
    """Say how a procedure stands."""
    found: str = caller.send("GET", procedure, params=query).json()["standing"]["level"]
    return found


def reasons(caller: Caller, procedure: str, **query: str) -> dict[str, Json]:
    """Give the reasons for how it stands, by step."""
    return {
        reason["step"]: reason for reason in caller.send("GET", procedure, params=query).json()["standing"]["reasons"]
    }
