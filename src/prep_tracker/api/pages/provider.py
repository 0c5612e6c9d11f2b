"""Let staff sign in at their clinic's identity provider: the code flow with PKCE (RFC 9700, section 2.1.1)."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from prep_tracker.api.discovery import ProviderError, fetch_sign_in, fetch_token
from prep_tracker.api.logs import log
from prep_tracker.api.pages.gate import act, inside, keep_cookie
from prep_tracker.api.pages.signing_in import Open, show_form
from prep_tracker.api.wire import UUID
from prep_tracker.desk.case import Desk
from prep_tracker.domain.errors import NotFoundError, UnauthenticatedError
from prep_tracker.domain.sign_in import SignIn
from prep_tracker.services import staff_sessions
from prep_tracker.services.clinic import calendar_of
from prep_tracker.store import identity

if TYPE_CHECKING:
    from prep_tracker.api.door import Service
    from prep_tracker.api.identity import Identities
    from prep_tracker.store.identity import IdentityProviderRow

router = APIRouter(route_class=Open, include_in_schema=False)
HERE = "/staff/sign-in"
ON_THE_WAY = "prep_on_the_way"
"""The cookie that ties what the provider sends back to the browser that was sent there."""
SECONDS = 600
_MOST = 2_000


@router.get(f"{HERE}/provider")
async def leave(request: Request) -> Response:
    """Send the browser to the clinic's provider, with a secret of which the provider only sees the hash."""
    target = inside(request.query_params.get("next", ""))
    clinic_id = request.query_params.get("clinic", "")
    provider = await _provider(request, clinic_id)
    try:
        address = await fetch_sign_in(provider.issuer)
    except ProviderError as error:
        log().warning("an identity provider cannot be reached", reason=str(error))
        return await show_form(request, target, "sign_in.provider_away")
    state, verifier = secrets.token_urlsafe(24), secrets.token_urlsafe(48)
    challenge = urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    asked = {
        "response_type": "code",
        "client_id": provider.client_id or "",
        "redirect_uri": _back(request),
        "scope": SignIn.model_validate(dict(provider.settings)).scope,
        "state": state,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    joined = "&" if "?" in address else "?"
    response = RedirectResponse(f"{address}{joined}{urlencode(asked)}", 303, {"Cache-Control": "no-store"})
    kept = json.dumps({"state": state, "verifier": verifier, "next": target, "clinic": clinic_id})
    response.set_cookie(
        ON_THE_WAY,
        urlsafe_b64encode(kept.encode()).decode(),
        max_age=SECONDS,
        path=HERE,
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",
    )
    return response


@router.get(f"{HERE}/callback")
async def come_back(request: Request) -> Response:
    """Take the provider's code, exchange it for a token, and begin a session for the person whom that names."""
    kept = _kept(request.cookies.get(ON_THE_WAY, ""))
    target = inside(kept.get("next", ""))
    code = request.query_params.get("code", "")
    given, expected = request.query_params.get("state", ""), kept.get("state", "")
    if not expected or not code or len(code) > _MOST or not hmac.compare_digest(given.encode(), expected.encode()):
        return await show_form(request, target, "sign_in.provider_again")
    provider = await _provider(request, kept["clinic"])
    fields = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": _back(request),
        "client_id": provider.client_id or "",
        "code_verifier": kept["verifier"],
    }
    service: Service = request.app.state.service
    identities: Identities = request.app.state.identities
    now = service.clock.now()
    try:
        token = await fetch_token(provider.issuer, fields)
        actor, clinic = await identities.authenticate(service.store, token, now)
    except ProviderError as error:
        log().warning("an identity provider gives no token", reason=str(error))
        return await show_form(request, target, "sign_in.provider_again")
    except UnauthenticatedError:
        return await show_form(request, target, "sign_in.provider_unknown")
    if clinic.id != provider.clinic_id:
        return await show_form(request, target, "sign_in.provider_unknown")
    request.app.state.limits.count(actor)
    request.state.desk = Desk(actor, clinic, calendar_of(clinic), now, request.state.request_id)
    began = await act(request, staff_sessions.begin)
    response = keep_cookie(request, RedirectResponse(target, 303, {"Cache-Control": "no-store"}), began)
    response.delete_cookie(ON_THE_WAY, path=HERE)
    return response


async def _provider(request: Request, clinic_id: str) -> IdentityProviderRow:
    """Give the provider of a clinic at which people can sign in here. Raises ``NotFoundError``."""
    service: Service = request.app.state.service
    if not UUID.fullmatch(clinic_id):
        raise NotFoundError
    found = await service.store.read(lambda c: identity.find(c, clinic_id), clinic_id)
    if found is None or found.client_id is None:
        raise NotFoundError
    return found


def _back(request: Request) -> str:
    return f"{request.app.state.public_url or str(request.base_url).rstrip('/')}{HERE}/callback"


def _kept(cookie: str) -> dict[str, str]:
    """Read what the browser kept; whatever is wrong with it, it is as if there were nothing."""
    try:
        found = json.loads(urlsafe_b64decode(cookie[:_MOST]))
        return {name: str(found[name]) for name in ("state", "verifier", "next", "clinic")}
    except (ValueError, KeyError, TypeError):
        return {}
