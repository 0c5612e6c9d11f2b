"""Do once what may be asked for again: the same key and the same request give the answer that was given before.

Requests of the API bring their key in ``Idempotency-Key``; a form of the pages brings its own among its fields.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from prep_tracker.api.wire import Answer
from prep_tracker.domain.errors import ConflictError, Fault, IdempotencyMismatchError, InvalidError
from prep_tracker.store import idempotency
from prep_tracker.store.idempotency import AnswerRow, Repeat

if TYPE_CHECKING:
    from fastapi import Request

    from prep_tracker.desk.case import Desk
    from prep_tracker.store import Connection

_KEY = re.compile(r"[\x21-\x7e]{1,255}")
SHOWN_ONCE = "This was done before with the same Idempotency-Key, and its answer is shown only once."


def checked(key: str) -> str:
    """Give a key back. Raises ``InvalidError`` for what is none."""
    if not _KEY.fullmatch(key):
        message = "Send 1 to 255 visible ASCII characters."
        raise InvalidError(Fault("/Idempotency-Key", "idempotency-key", message))
    return key


def repeat_of(request: Request, key: str, what: bytes) -> Repeat:
    """Name a request by its key, by whose it is, and by what it asks. Raises ``InvalidError`` for what is no key."""
    checked(key)
    whole = f"{request.method} {request.url.path}?{request.url.query}\n".encode() + what
    desk: Desk = request.state.desk
    return Repeat(desk.actor.credential_id, request.url.path, key, hashlib.sha256(whole).hexdigest())


def once(
    fn: Callable[[Connection, Desk], Answer], repeat: Repeat, *, keep: bool = True
) -> Callable[[Connection, Desk], Answer]:
    """Make of an act one that is done once: its answer is kept in the same transaction, and given again.

    Without ``keep`` only the key is kept: the same request again is a ``ConflictError``, for its answer was shown once.
    """

    def work(connection: Connection, desk: Desk) -> Answer:
        known = idempotency.claim(connection, desk.clinic.id, repeat, now=desk.now)
        if known is not None:
            return again(known, repeat, keep=keep)
        made = fn(connection, desk)
        kept = made.body if keep else b""
        idempotency.finish(connection, desk.clinic.id, repeat, made.status, made.headers, kept)
        return made

    return work


def again(known: AnswerRow, repeat: Repeat, *, keep: bool = True) -> Answer:
    """Give the answer that was kept, to the same request only. Raises ``IdempotencyMismatchError`` to another one."""
    if known.fingerprint != repeat.fingerprint:
        msg = "This Idempotency-Key came before with another request. Use a new key for a new request."
        raise IdempotencyMismatchError(msg)
    if not keep:
        raise ConflictError(SHOWN_ONCE)
    return Answer(known.status, known.body, {**known.headers, "Idempotent-Replayed": "true"})
