"""Once a day, erase whom a clinic keeps no longer, and let nothing of the erased linger in memory or in files."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib import parse

from prep_tracker.api.logs import log
from prep_tracker.desk import memory
from prep_tracker.desk.case import Desk, committed
from prep_tracker.desk.retaining import acts_from, months_of
from prep_tracker.domain.actor import Actor
from prep_tracker.domain.errors import UnavailableError
from prep_tracker.services import retention
from prep_tracker.services.clinic import calendar_of
from prep_tracker.store import clinics, erasure
from prep_tracker.store.session import EVERY

if TYPE_CHECKING:
    from prep_tracker.store import Connection
    from prep_tracker.store.session import Store

ACTOR = "prep-tracker retention"
LATELY = timedelta(days=2)
"""An erasure so long ago or later may have been another process's, or its traces could not be cleared at once."""
Days = dict[str, date]


async def keep(store: Store, now: datetime, done: Days) -> None:
    """Do what is due once a day for each clinic; ``done`` says for which day it was done last, by clinic.

    What fails for one clinic is logged and does not keep it from the others. Raises ``UnavailableError``.
    """
    to_cleanse = False
    for clinic in await store.read(clinics.every, EVERY):
        desk = Desk(Actor(clinic.id, "system", "", ACTOR), clinic, calendar_of(clinic), now)
        if done.get(clinic.id) == desk.today:
            continue
        memory.forget(None)
        try:
            await _erase_due(store, desk)
            lately = await _was_erased(store, clinic.id, now - LATELY)
        except UnavailableError:
            raise
        except Exception as error:  # noqa: BLE001 - its text may name a patient
            log().error("retention failed", error=type(error).__name__, clinic=clinic.id)
        else:
            to_cleanse = to_cleanse or lately
        done[clinic.id] = desk.today
    if to_cleanse:
        await cleanse(store)


async def _erase_due(store: Store, desk: Desk) -> None:
    months, first = months_of(desk.clinic), acts_from(desk.clinic)
    if months is None or first is None or first > desk.today:
        return
    after: str | None = ""

    def erase(connection: Connection) -> retention.Page:
        return retention.apply(connection, desk, months, after or "")

    while after is not None:
        page = await store.write(erase, desk.clinic.id)
        committed(desk)
        after = page.following


async def _was_erased(store: Store, clinic_id: str, since: datetime) -> bool:
    return await store.read(lambda c: erasure.was_erased_since(c, clinic_id, since), clinic_id)


async def cleanse(store: Store) -> None:
    """Clear what the database's files still hold of the erased. Where that is not possible now, it is tomorrow."""
    try:
        await asyncio.to_thread(store.cleanse)
    except UnavailableError:
        log().warning("the database's file could not be cleared of what was erased; it is tried again within a day")


def _forget_addresses(_: Collection[str] | None) -> None:
    """Forget the addresses that Python took apart last: in one of them a patient may be looked for by reference."""
    split: Any = parse.urlsplit
    split.cache_clear()


memory.keep_track(_forget_addresses)
