"""Two services on one database, as behind a load balancer, and what must hold when many ask both at once."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import date, timedelta
from time import monotonic
from typing import Any

import httpx

from prep_tracker.store.session import Store
from tests.store.loaded import rows_of, serving, settle

Json = dict[str, Any]
SECONDS = 60
ROUNDS_EACH = 20
"""How often one procedure is moved before the next takes its place, so that no record grows without end."""
NUMBERS = itertools.count(1)
DAY = date(2031, 1, 1)


class Pair:
    """Two services, and somebody who sends requests to both at the same moment."""

    def __init__(self, url: str, addresses: Sequence[str], key: str) -> None:
        """Connect to neither before the first request."""
        self.url = url
        self._runner = asyncio.Runner()
        self._clients = [
            httpx.AsyncClient(
                base_url=address,
                headers={"Authorization": f"Bearer {key}"},
                limits=httpx.Limits(max_connections=None),
                timeout=SECONDS,
                trust_env=False,
            )
            for address in addresses
        ]

    def close(self) -> None:
        """Hang up."""
        for client in self._clients:
            self._runner.run(client.aclose())
        self._runner.close()

    def together(self, requests: Sequence[tuple[str, Json, dict[str, str]]]) -> list[httpx.Response]:
        """Post all at once, to one and the other in turn; give the answers in the same order."""

        async def all_of_them() -> list[httpx.Response]:
            clients = itertools.cycle(self._clients)
            sent = (next(clients).post(path, json=body, headers=headers) for path, body, headers in requests)
            return await asyncio.gather(*sent)

        return self._runner.run(all_of_them())

    def get(self, path: str) -> httpx.Response:
        """Read something from the first."""
        return self._runner.run(self._clients[0].get(path))

    def book(self) -> str:
        """Book somebody new; give the address of the procedure."""
        (answer,) = self.together([("/v1/procedures", booking(), {})])
        assert answer.status_code == 201, answer.text
        return answer.headers["location"]


@contextmanager
def pair(url: str, fault: str | None = None) -> Iterator[Pair]:
    """Start both, with the same fault in them if one is named."""
    (key,) = settle(url)
    with ExitStack() as stack, ThreadPoolExecutor(2) as starting:
        services = [serving(url, fault, requests_a_minute="0") for _ in range(2)]
        addresses = [address for address, _ in starting.map(stack.enter_context, services)]
        opened = Pair(url, addresses, key)
        try:
            yield opened
        finally:
            opened.close()


def booking() -> Json:
    """Give a booking of somebody new."""
    number = next(NUMBERS)
    patient = {"reference": f"P-{number}", "name": f"Pia {number}"}
    return {"patient": patient, "protocol": "laser-resurfacing", "on": DAY.isoformat()}


def statuses(answers: Sequence[httpx.Response]) -> list[int]:
    """Give the statuses in their order of size."""
    return sorted(answer.status_code for answer in answers)


def check_one_tag_changes_once(two: Pair, rounds: int) -> str:
    """Hear one of ten who decided on the same version, and tell the other nine; gives the figures."""
    procedure, days = "", itertools.count(1)
    for number in range(rounds):
        if number % ROUNDS_EACH == 0:
            procedure = two.book()
        before = two.get(procedure)
        tag = {"If-Match": before.headers["etag"]}
        wanted = [{"to_on": (DAY + timedelta(days=next(days) % 2000)).isoformat()} for _ in range(10)]
        answers = two.together([(f"{procedure}/moves", body, tag) for body in wanted])
        assert statuses(answers) == [200, *[412] * 9], number
        made = next(answer.json()["to"]["on"] for answer in answers if answer.status_code == 200)
        after = two.get(procedure).json()
        assert (after["on"], after["version"]) == (made, before.json()["version"] + 1)
    return f"{rounds} rounds of 10 with one ETag: {rounds} times 200, {9 * rounds} times 412"


def check_every_entry_is_kept(two: Pair, number: int) -> str:
    """Keep whatever many say about one procedure at once, each in a place of its own; gives the figures.

    Whoever is asked to try again later, as on a machine that has much else to do, sends the same again.
    """
    procedure, first = two.book(), date(2026, 1, 1)
    said = [{"to": "sun", "on": (first + timedelta(days=n % 300)).isoformat()} for n in range(number)]
    waiting = {n: (f"{procedure}/exposures", body, {"Idempotency-Key": f"entry-{n}"}) for n, body in enumerate(said)}
    told: dict[int, str] = {}
    repeats, deadline = 0, monotonic() + 2 * SECONDS
    while waiting:
        answers = two.together(list(waiting.values()))
        for n, answer in zip(list(waiting), answers, strict=True):
            if answer.status_code == 201:
                told[answer.json()["entry"]] = waiting.pop(n)[1]["on"]
            else:
                assert answer.status_code == 503, answer.text
                assert int(answer.headers["retry-after"]) > 0
        repeats += len(waiting)
        assert monotonic() < deadline
    assert sorted(told) == list(range(2, number + 2))
    store = Store.open(two.url)
    rows = rows_of(store)
    store.close()
    name = procedure.rsplit("/", 1)[-1]
    kept = {row["seq"]: row["body"] for row in rows["entries"] if row["procedure_id"] == name}
    assert sorted(kept) == list(range(1, number + 2))
    assert all(day in kept[entry] for entry, day in told.items())
    assert [row["version"] for row in rows["procedures"] if row["id"] == name] == [number + 1]
    return (
        f"{number} at once about one procedure: {len(told)} acknowledged after {repeats} repeats, {len(kept) - 1} kept"
    )


def check_one_key_books_once(two: Pair, keys: int, at_once: int) -> str:
    """Book once what is sent many times at once under one key, and answer all alike; gives the figures."""
    found = set()
    for number in range(keys):
        body, key = booking(), {"Idempotency-Key": f"key-{next(NUMBERS)}"}
        answers = two.together([("/v1/procedures", body, key)] * at_once)
        assert statuses(answers) == [201] * at_once, number
        assert len({answer.content for answer in answers}) == 1, number
        assert sum("idempotent-replayed" not in answer.headers for answer in answers) == 1, number
        name, patient = answers[0].json()["id"], answers[0].json()["patient"]["id"]
        found.add(name)
        store = Store.open(two.url)
        rows = rows_of(store)
        store.close()
        assert [row["id"] for row in rows["procedures"] if row["patient_id"] == patient] == [name]
    assert len(found) == keys
    return f"{keys} keys, each {at_once} times at once: {len(found)} procedures, {keys * (at_once - 1)} repeats"
