"""Settle two clinics that have one of everything, with words that no other clinic may ever read.

Aster is the clinic that is looked at, Birch the one that must see nothing of it. Both are made the same way, only that
more was said at Aster, so that its versions are others.
"""

from __future__ import annotations

import copy
import json
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import pytest
from sqlalchemy import Connection

from prep_tracker.clock import SetClock
from prep_tracker.services import access, protocols
from prep_tracker.services.tokens import Keys, read_keys
from prep_tracker.store.session import Store
from tests.access.matrix_clinic import SETTLED_AT, Clinic
from tests.access.matrix_wire import Undoing, Wire
from tests.access.provider import jwk
from tests.api import contract
from tests.conftest import _database

Whose = Literal["aster", "birch", "other", "nobody"]
"""Clinic Aster, clinic Birch, another patient of Aster's, or nobody at all."""
PEEL = """protocol: {slug}
title: {title}
steps:
  - {{id: no-sun, kind: avoid, of: [sun], days_before: {days}, severity: blocking, title: {title}, source: Our sheet}}
"""
KEPT = dict.fromkeys(("no-sun", "no-retinoids", "no-aha", "no-bha"))


class World:
    """Both clinics behind the door of the real app, and a second patient of Aster's beside the first."""

    def __init__(self, wire: Wire) -> None:
        """Settle them."""
        self.wire = wire
        self.aster, self.birch = wire.store.run_write(self._settle)
        for clinic, more in ((self.birch, 0), (self.aster, 3)):
            furnish(clinic, more)
        self.other = copy.copy(self.aster)
        self.other.things, self.other.canaries = dict(self.aster.things), set()
        patient(self.other, "other")
        self.aster.canaries |= self.other.canaries
        self.of_one = frozenset({self.aster.things["patient one"], self.aster.things["procedure"]})

    def view(self, whose: str) -> Clinic:
        """Give the things of one of them by name."""
        return {"aster": self.aster, "birch": self.birch, "other": self.other}[whose]

    def hidden(self, whose: str) -> set[str]:
        """Give the words that somebody may never read: of another clinic all, of another patient what is about them."""
        if whose != "other":
            return self.aster.canaries
        return {word for word in self.aster.canaries if word.endswith("-one") or word in self.of_one}

    def _settle(self, connection: Connection) -> tuple[Clinic, Clinic]:
        protocols.ship(connection, now=SETTLED_AT)
        made = []
        for name in ("Aster", "Birch"):
            row = access.new_clinic(connection, f"{name.lower()}-canary-clinic", "Europe/Amsterdam", now=SETTLED_AT)
            made.append(Clinic(self.wire, name, row.id))
            made[-1].word("clinic")
        return made[0], made[1]

    def freeze(self) -> None:
        """Keep nothing of what is done from now on."""
        self.wire.lines()  # of what has been done so far
        self.wire.store.begin((self.aster.id,), tuple(sorted(self.of_one)))


@contextmanager
def database(request: pytest.FixtureRequest, kind: str, folder: Path) -> Iterator[str]:
    """Give the address of a migrated database for as long as the block takes, on SQLite or on PostgreSQL."""
    if kind == "sqlite":
        path = shutil.copy(request.getfixturevalue("sqlite_template"), folder / "matrix.db")
        yield f"sqlite:///{path}"
        return
    name, template = f"prep_matrix_{secrets.token_hex(4)}", request.getfixturevalue("postgres_template")
    with _database(request.getfixturevalue("postgres_admin"), name, template) as url:
        yield url


@contextmanager
def settled(url: str) -> Iterator[World]:
    """Settle both clinics in a migrated database for as long as the block takes."""
    wire = Wire(contract.app(), Undoing(Store.open(url)), SetClock(SETTLED_AT), _keys_of)
    try:
        yield World(wire)
    finally:
        wire.close()


async def _keys_of(issuer: str) -> Keys:
    name = issuer.removeprefix("https://").partition(".")[0].capitalize()
    return read_keys(json.dumps({"keys": [jwk(f"ed-{name}")]}).encode())


def furnish(clinic: Clinic, more: int) -> None:
    """Give a clinic one of everything; ``more`` is how much more is said of each."""
    clinic.trust()
    clinic.do("admin", "PATCH", "/v1/clinic", {"contact": {"email": f"{clinic.word('contact')}@example.org"}})
    clinic.thing("key", clinic.key("coordinator").split("_")[2])
    clinic.things |= {"person": clinic.person["coordinator"], "idempotency key": f"key-of-{clinic.name.lower()}"}
    clinic.tell()
    _protocol(clinic)
    patient(clinic, "one")
    cleared = clinic.book("cleared procedure", "cleared", kept_since=KEPT)
    clinic.do("coordinator", "POST", f"/v1/procedures/{cleared}/marks", {"kind": "no_more_products"})
    clinic.change("PUT", cleared, "clearance", {"accept": []})
    clinic.book("older procedure", "older", protocol=f"{clinic.slug}@1")
    clinic.book("past procedure", "past", on="2026-12-04", backdated=True)
    reference = clinic.things["reference one"]
    row = ",".join([reference, reference, clinic.things["name one"], "2026-12-19", clinic.slug])
    file = f"Booking no.,Patient no.,Name,Date,Treatment\n{row}\n"
    clinic.do("admin", "POST", "/v1/imports?dry_run=false", file.encode(), kind="text/csv")
    clinic.long_ago()
    clinic.do("admin", "POST", f"/v1/webhooks/{clinic.things['webhook']}/test")
    clinic.fail_to_tell("delivery", None)
    for name in [name for name in clinic.things if name.endswith("procedure")]:
        for _ in range(more):
            _say(clinic, clinic.things[name])
    for name in [name for name in clinic.things if name.startswith("patient ")]:
        for number in range(more):
            clinic.do("coordinator", "PATCH", f"/v1/patients/{clinic.things[name]}", {"phone": f"+3120555010{number}"})
    older = clinic.do("admin", "GET", f"/v1/procedures/{clinic.things['older procedure']}").json()
    clinic.things["older version"] = str(older["version"])


def furnish_more(world: World) -> None:
    """Let Aster do more of everything, and say more about its first patient."""
    world.wire.store.keeps = True
    _say(world.aster, world.aster.things["procedure"])
    later = copy.copy(world.aster)
    later.things = dict(world.aster.things)
    patient(later, "later")
    later.book("later procedure", "much-later", protocol=f"{later.slug}@2")
    later.do(
        "writer",
        "POST",
        f"/v1/protocols/{later.slug}/drafts",
        PEEL.format(slug=later.slug, title="Later", days=7).encode(),
        kind="application/yaml",
    )
    later.key("clinician", state="later")
    later.tell()
    world.freeze()


def patient(clinic: Clinic, who: str) -> None:
    """Give a clinic a patient with two procedures: one of which much was said, and one with a gate that is closed."""
    exposures = [{"to": "retinoid", "on": "2026-12-08", "note": clinic.word(f"exposure-{who}")}]
    procedure = clinic.book("procedure", who, exposures=exposures)
    path = f"/v1/procedures/{procedure}"
    product = {"text": f"Differin {clinic.word(f'product-{who}')}", "kind": "skincare", "last_used_on": "2026-12-01"}
    clinic.thing("product", str(clinic.do("coordinator", "POST", f"{path}/products", product).json()["n"]))
    clinic.do("coordinator", "POST", f"{path}/products", {"text": "Other", "kind": "medicine", "prescribed": True})
    session = clinic.session("procedure", "patient")
    clinic.session("procedure", "carer")
    clinic.fail_to_tell("message", procedure)
    clinic.do(
        "patient",
        "POST",
        f"/v1/portal{path[3:]}/marks",
        {"step": "no-sun", "kind": "since", "on": "2026-12-02"},
        by=session,
    )
    clinic.thing("entry", str(clinic.do("coordinator", "GET", f"{path}/entries").json()["items"][-1]["n"]))
    clinic.thing("session", clinic.do("coordinator", "GET", f"{path}/portal-sessions").json()["items"][0]["id"])
    step = {"id": "bring", "kind": "note", "at": {"days": -1}, "title": clinic.word(f"step-{who}"), "source": "Ours"}
    clinic.change("POST", procedure, "steps", step)
    answers = {"cold-sores": False, "area": "other", "sedation": False}
    gated = clinic.book("closed procedure", f"gated-{who}", protocol="laser-fractional", answers=answers)
    clinic.do("coordinator", "POST", f"/v1/procedures/{gated}/marks", {"step": "pregnancy", "kind": "unsafe"})


def _protocol(clinic: Clinic) -> None:
    """Let the clinic publish two versions of its own protocol, and draft a third."""
    path = f"/v1/protocols/{clinic.slug}/drafts"
    for number, days in ((1, 14), (2, 21), (3, 28)):
        content = PEEL.format(slug=clinic.slug, title=clinic.word("title"), days=days)
        drafted = clinic.do("writer", "POST", path, content.encode(), kind="application/yaml").json()
        assert drafted["draft"] == number
        if number < 3:
            clinic.do("admin", "POST", f"{path}/{number}/publish")
    clinic.thing("slug", clinic.slug)
    clinic.things |= {"draft": "3", "published": "2"}


def _say(clinic: Clinic, procedure: str) -> None:
    clinic.do("coordinator", "POST", f"/v1/procedures/{procedure}/exposures", {"to": "sun", "on": "2026-12-03"})


_MADE_UP = re.compile(
    r"[0-9a-f]{64}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\b[0-9a-f]{16}\b|msg_[0-9a-f]{32}|whsec_[\w+/=]+"
    r"|prep_live_[0-9a-f]{16}_[\w-]{43}|ps_[\w-]{43}|(?<=#token=)[\w-]{43}|(?<=calendar/)[\w-]{43}|<svg.*?</svg>"
    r'|(?<="id":)\d+'
)


def found_in(text: str) -> str:
    """Write a text without what is made up anew each time: ids, hashes, keys, links, and the numbers of audit lines."""
    return _MADE_UP.sub("…", text)
