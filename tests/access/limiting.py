"""What the limits must do, as checks that hold or fail, and faults that each of them must find.

A check is given a house whose limits are small, by a clock that only the check moves.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx
import pytest
from starlette.types import Scope

from prep_tracker.api import limits as module
from prep_tracker.api import problems
from prep_tracker.api.limits import Limits, Moments
from prep_tracker.api.quick import Made, Quick
from prep_tracker.domain.actor import Actor
from prep_tracker.domain.errors import TooOftenError
from tests.api.house import BOOKING, NOBODY, House, hold

REQUESTS, WRONG = 12, 3
"""The limits of the house."""
ASKING = "/v1/protocols"


@dataclass
class Ticking:
    """Seconds since some moment, which stand still until somebody lets them pass."""

    at: float = 1000.0

    def __call__(self) -> float:
        """Give the seconds."""
        return self.at


@dataclass
class Limited:
    """A house with limits, and the clock that they count by."""

    house: House
    ticking: Ticking = field(default_factory=Ticking)

    @contextmanager
    def open(self, requests: int = REQUESTS, wrong: int = WRONG) -> Iterator[Limited]:
        """Let the limits hold for as long as the block takes; the app is shared by all houses."""
        before = self.house.app.state.limits
        self.house.app.state.limits = module.Limits(requests, wrong, seconds=self.ticking)
        try:
            yield self
        finally:
            self.house.app.state.limits = before

    def from_address(self, address: str, key: str | None, path: str = ASKING) -> httpx.Response:
        """Send a request as it comes from an address."""

        async def asked() -> httpx.Response:
            transport = httpx.ASGITransport(self.house.app, client=(address, 40_000), raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://aster.test", trust_env=False) as client:
                return await client.get(path, headers={"Authorization": f"Bearer {key}"} if key else {})

        answer = self.house.wait(asked())
        hold(answer)
        return answer

    def left_to(self, name: str) -> int:
        """Use up what somebody may still ask in this minute; give how much that was."""
        caller, left = self.house.person(name), 0
        while caller.get(ASKING).status_code == 200:
            left += 1
        return left


def refused_for(answer: httpx.Response, limit: str) -> int:
    """Hold that an answer names the limit that was reached; give how many seconds to wait."""
    assert answer.status_code == 429
    told = answer.json()
    assert told["type"] == "/v1/problems/too-many-requests"
    assert limit in told["detail"]
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["retry-after"].isdigit()
    return int(answer.headers["retry-after"])


def check_each_credential_has_its_own(limited: Limited) -> None:
    """Give each credential so many a minute, whatever others send, and again after the wait."""
    assert limited.left_to("Ana") == REQUESTS
    assert limited.left_to("Cleo") == REQUESTS
    assert limited.left_to("Ben") == REQUESTS
    ana = limited.house.person("Ana")
    wait = refused_for(ana.get(ASKING), f"{REQUESTS} requests a minute for one credential")
    assert wait == 60
    limited.ticking.at += wait - 1
    assert refused_for(ana.get(ASKING), "requests") == 1
    limited.ticking.at += 1
    assert limited.left_to("Ana") == REQUESTS


def check_whatever_is_asked_counts_once(limited: Limited) -> None:
    """Count each as one request: quick and ordinary answers, unchanged ones, refusals and repeats."""
    ana = limited.house.person("Ana")
    with limited.open(0, 0):
        procedure = ana.book()
        checklist = f"{procedure}/checklist"
        etag = ana.get(checklist).headers["etag"]
    elsewhere = f"{procedure.rsplit('/', 1)[0]}/{NOBODY}/checklist"
    asked: tuple[tuple[int, Callable[[], httpx.Response]], ...] = (
        (200, lambda: ana.get(checklist)),
        (304, lambda: ana.get(checklist, headers={"If-None-Match": etag})),
        (200, lambda: ana.get(checklist, headers={"Origin": "https://portal.example"})),
        (304, lambda: ana.get(checklist, headers={"Origin": "https://portal.example", "If-None-Match": etag})),
        (404, lambda: ana.get(elsewhere)),
        (404, lambda: ana.get("/v1/procedures/none")),
        (403, lambda: ana.get("/v1/keys")),
        (422, lambda: ana.post("/v1/procedures", {})),
        (201, lambda: ana.post("/v1/procedures", BOOKING | {"on": "2027-01-08"}, Idempotency_Key="once")),
        (201, lambda: ana.post("/v1/procedures", BOOKING | {"on": "2027-01-08"}, Idempotency_Key="once")),
    )
    for status, ask in asked:
        limited.ticking.at += 100
        assert ask().status_code == status
        assert limited.left_to("Ana") == REQUESTS - 1, status


def check_the_quick_answer_is_refused_too(limited: Limited) -> None:
    """Refuse today's checklist, and that it is unchanged, beyond the limit."""
    ana = limited.house.person("Ana")
    checklist = f"{ana.book()}/checklist"
    etag = ana.get(checklist).headers["etag"]
    limited.left_to("Ana")
    for headers in ({}, {"If-None-Match": etag}):
        refused_for(ana.get(checklist, headers=headers), "requests a minute for one credential")


def check_what_is_refused_is_not_done(limited: Limited) -> None:
    """Store nothing of what is refused, and do not let it make the wait longer."""
    ana = limited.house.person("Ana")
    limited.left_to("Ana")
    rows = limited.house.rows()
    for _ in range(2 * REQUESTS):
        limited.ticking.at += 1
        refused_for(ana.post("/v1/procedures", BOOKING), "requests")
    assert limited.house.rows() == rows
    limited.ticking.at += 60 - 2 * REQUESTS
    assert ana.post("/v1/procedures", BOOKING).status_code == 201


def check_only_wrong_credentials_are_refused(limited: Limited) -> None:
    """Let the right ones in from an address that sent too many wrong ones; none at all is a plain 401."""
    wrong, right = f"{limited.house.tokens['Ana'][:-1]}!", limited.house.tokens["Ana"]
    here, there = "192.0.2.1", "192.0.2.2"
    for _ in range(WRONG):
        assert limited.from_address(here, wrong).status_code == 401
    wait = refused_for(limited.from_address(here, "anything"), f"{WRONG} wrong credentials a minute from one address")
    assert wait == 60
    assert limited.from_address(here, right).status_code == 200
    assert limited.from_address(here, None).status_code == 401
    assert limited.from_address(there, wrong).status_code == 401
    limited.ticking.at += wait
    assert limited.from_address(here, wrong).status_code == 401


def check_nobody_spends_what_belongs_to_another(limited: Limited) -> None:
    """Take nothing from the owner of a key for a wrong secret behind its public part: first known, then counted."""
    token = limited.house.tokens["Ana"]
    assert limited.house.person("Ana").get(ASKING).status_code == 200
    for secret in ("A" * 43, token[-43:].swapcase(), "", "x"):
        for address in range(REQUESTS):
            answer = limited.from_address(f"192.0.2.{address}", token[:-43] + secret)
            assert answer.status_code in {401, 429}
    assert limited.left_to("Ana") == REQUESTS - 1


def check_no_credential_is_never_counted(limited: Limited) -> None:
    """Tell whoever sends none so every time; the pages for everybody have no limit."""
    for given in (None, "", "Bearer", "Bearer ", "Basic  "):
        stranger = limited.house.stranger(given)
        for _ in range(WRONG + 2):
            assert stranger.get(ASKING).status_code == 401
    for _ in range(REQUESTS + 2):
        assert limited.house.stranger().get("/healthz").status_code == 200


def check_one_connection_of_ipv6_is_one_address(limited: Limited) -> None:
    """Count a whole network of IPv6 as one, so that nobody takes a new address for each try."""
    statuses = [limited.from_address(f"2001:db8:1:2::{n:x}", "wrong").status_code for n in range(WRONG + 1)]
    assert statuses == [401] * WRONG + [429]
    assert limited.from_address("2001:db8:1:3::1", "wrong").status_code == 401
    mapped = [limited.from_address(f"::ffff:192.0.2.{n}", "wrong").status_code for n in range(WRONG + 1)]
    assert mapped == [401] * (WRONG + 1)


def check_memory_is_bounded(limited: Limited) -> None:
    """Know only so many, however many come; after a quiet minute they go as others come."""
    moments = Moments(limited.ticking, most=100)
    for number in range(1000):
        limited.ticking.at += 0.01
        assert moments.acquire_entry(str(number), WRONG, 60)
        assert moments.known <= 100
    limited.ticking.at += 61
    for number in range(60):
        assert moments.acquire_entry(f"new {number}", WRONG, 60)
    assert moments.known == 60


def check_never_more_in_any_minute(limited: Limited, steps: list[float], most: int = 5) -> None:
    """Let no more in within any sixty seconds, refuse nobody without need, and say how long it really takes."""
    counted = module.Limits(most, 0, seconds=limited.ticking)
    actor = Actor("aster", "coordinator", "key", "Ana")
    admitted: deque[float] = deque()
    for step in steps:
        limited.ticking.at += step
        now = limited.ticking.at
        recent = [at for at in admitted if at + 60 > now]
        if len(recent) < most:
            counted.count(actor)
            admitted.append(now)
            continue
        with pytest.raises(TooOftenError) as refused:
            counted.count(actor)
        wait = refused.value.seconds
        assert now + wait - 1 < recent[0] + 60 <= now + wait


Check = Callable[[Limited], None]
CHECKS: tuple[Check, ...] = (
    check_each_credential_has_its_own,
    check_whatever_is_asked_counts_once,
    check_the_quick_answer_is_refused_too,
    check_what_is_refused_is_not_done,
    check_only_wrong_credentials_are_refused,
    check_nobody_spends_what_belongs_to_another,
    check_no_credential_is_never_counted,
    check_one_connection_of_ipv6_is_one_address,
    check_memory_is_bounded,
)
Patch = pytest.MonkeyPatch


def the_limit_is_the_clinics(patch: Patch) -> None:
    """Let colleagues share one limit."""

    class Faulty(Limits):
        def count(self, actor: Actor) -> None:
            super().count(Actor(actor.clinic_id, actor.role, actor.clinic_id, actor.person))

    patch.setattr(module, "Limits", Faulty)


def it_counts_before_it_knows(patch: Patch) -> None:
    """Count a wrong secret for the owner of the key."""

    class Faulty(Limits):
        owner: Actor | None = None

        def count(self, actor: Actor) -> None:
            self.owner = actor
            super().count(actor)

        def count_wrong(self, host: str | None) -> None:
            super().count_wrong(host)
            if self.owner is not None:
                super().count(self.owner)

    patch.setattr(module, "Limits", Faulty)


def an_address_is_shut_out(patch: Patch) -> None:
    """Refuse the right ones as well after too many wrong ones."""

    class Faulty(Limits):
        shut: TooOftenError | None = None

        def count(self, actor: Actor) -> None:
            if self.shut is not None:
                raise self.shut
            super().count(actor)

        def count_wrong(self, host: str | None) -> None:
            try:
                super().count_wrong(host)
            except TooOftenError as error:
                self.shut = error
                raise

    patch.setattr(module, "Limits", Faulty)


def all_addresses_are_one(patch: Patch) -> None:
    """Count wrong credentials from anywhere together."""
    patch.setattr(module, "place_of", lambda _: "everywhere")


def each_ipv6_address_is_another(patch: Patch) -> None:
    """Begin anew with somebody's next address."""
    patch.setattr(module, "OWN_BITS", 0)


def quick_answers_are_free(patch: Patch) -> None:
    """Leave uncounted what the quick front answers."""
    answer, count = Quick._answer, Limits.count
    quick: list[bool] = []

    async def unseen(self: Quick, scope: Scope, procedure_id: str) -> Made | None:
        quick.append(True)
        try:
            return await answer(self, scope, procedure_id)
        finally:
            quick.clear()

    patch.setattr(Quick, "_answer", unseen)
    patch.setattr(Limits, "count", lambda self, actor: None if quick else count(self, actor))


def a_request_counts_twice(patch: Patch) -> None:
    """Count on both ways to an answer."""
    count = Limits.count

    def twice(self: Limits, actor: Actor) -> None:
        count(self, actor)
        count(self, actor)

    patch.setattr(Limits, "count", twice)


def the_refused_are_counted(patch: Patch) -> None:
    """Let whoever goes on asking wait for ever."""
    acquire = Moments.acquire_entry

    def always(self: Moments, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        if acquire(self, key, limit, expiry, amount):
            return True
        self._came[key].append(self._seconds())
        self._came[key].popleft()
        return False

    patch.setattr(Moments, "acquire_entry", always)


def windows_are_fixed(patch: Patch) -> None:
    """Begin a minute with its first request: twice as many fit around its end."""

    def fixed(self: Moments, key: str, limit: int, expiry: int, amount: int = 1) -> bool:  # noqa: ARG001 - as it is called
        came, now = self._came.setdefault(key, deque()), self._seconds()
        if came and came[0] + expiry <= now:
            came.clear()
        if len(came) < limit:
            came.append(now)
            return True
        return False

    patch.setattr(Moments, "acquire_entry", fixed)


def the_wait_is_too_short(patch: Patch) -> None:
    """Cut the seconds off, so that the next try is refused again."""
    patch.setattr(module, "ceil", int)


def nobody_is_forgotten(patch: Patch) -> None:
    """Keep each address that ever came."""
    patch.setattr(Moments, "_forget", lambda *_: None)


def strangers_are_counted(patch: Patch) -> None:
    """Count who sends no credential as if they sent a wrong one."""
    patch.setattr(problems, "gives_credential", lambda _: True)


SEEDS: tuple[tuple[Check, Callable[[Patch], None]], ...] = (
    (check_each_credential_has_its_own, the_limit_is_the_clinics),
    (check_whatever_is_asked_counts_once, a_request_counts_twice),
    (check_whatever_is_asked_counts_once, quick_answers_are_free),
    (check_the_quick_answer_is_refused_too, quick_answers_are_free),
    (check_what_is_refused_is_not_done, the_refused_are_counted),
    (check_only_wrong_credentials_are_refused, an_address_is_shut_out),
    (check_only_wrong_credentials_are_refused, all_addresses_are_one),
    (check_nobody_spends_what_belongs_to_another, it_counts_before_it_knows),
    (check_no_credential_is_never_counted, strangers_are_counted),
    (check_one_connection_of_ipv6_is_one_address, each_ipv6_address_is_another),
    (check_memory_is_bounded, nobody_is_forgotten),
)
