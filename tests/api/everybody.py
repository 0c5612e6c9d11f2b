"""Ask for what everybody is given alike: of an app that has no database to look at."""

from __future__ import annotations

import asyncio
from functools import cache

import httpx
from fastapi import FastAPI

from prep_tracker.api.app import create_app
from prep_tracker.clock import SystemClock
from prep_tracker.store.session import Store

NOWHERE = "sqlite:////nowhere/at/all.db"
"""Whoever looks here fails."""


@cache
def app_at(public_url: str | None) -> FastAPI:
    """Make an app that people reach under an address."""
    return create_app(Store.open(NOWHERE), SystemClock(), public_url=public_url)


def ask(path: str, *, public_url: str | None = None, **headers: str) -> httpx.Response:
    """Ask as any browser on any site."""
    sent = {"Origin": "https://any.example"} | {name.replace("_", "-"): value for name, value in headers.items()}

    async def asked() -> httpx.Response:
        transport = httpx.ASGITransport(app_at(public_url))
        async with httpx.AsyncClient(transport=transport, base_url="http://aster.test", trust_env=False) as client:
            return await client.get(path, headers=sent)

    return asyncio.run(asked())
