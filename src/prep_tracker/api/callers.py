"""Know who calls: by a key of ours, a patient's session, or a token of the clinic's identity provider."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from prep_tracker.domain.errors import UnauthenticatedError
from prep_tracker.services.access import authenticate
from prep_tracker.services.portal import is_session, recognise_session
from prep_tracker.store.session import EVERY

if TYPE_CHECKING:
    from fastapi import FastAPI

    from prep_tracker.api.door import Service
    from prep_tracker.api.identity import Identities
    from prep_tracker.domain.actor import Actor
    from prep_tracker.store.clinics import ClinicRow

_DOTS = 2
"""What a signed token has (RFC 7515, section 3.1), and a key never."""


async def caller_of(app: FastAPI, token: str | None, now: datetime) -> tuple[Actor, ClinicRow]:
    """Know the caller and the clinic by a bearer token. Whatever is wrong with it is refused in the same words.

    Raises ``UnauthenticatedError``, and ``UnavailableError`` when that cannot be found out at the moment.
    """
    service: Service = app.state.service
    if token is not None and token.count(".") == _DOTS:
        identities: Identities = app.state.identities
        try:
            return await identities.authenticate(service.store, token, now)
        except UnauthenticatedError:
            token = None
    if token is not None and is_session(token):
        session = token
        return await service.store.read(lambda connection: recognise_session(connection, session, now=now), EVERY)
    return await service.store.read(lambda connection: authenticate(connection, token, now=now), EVERY)
