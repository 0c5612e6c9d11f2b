"""Fill in the matrix: send what every credential may try at every place, and name what is not as declared."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

from sqlalchemy import Connection

from prep_tracker.store import idempotency
from prep_tracker.store.idempotency import Repeat
from tests.access.matrix import CREDENTIALS, GUARDED, Credential, expected
from tests.access.matrix_places import SMUGGLED, SMUGGLED_HEADERS, Named, place_of, places
from tests.access.matrix_requests import own, own_path, value_of, with_value
from tests.access.matrix_wire import Answer, Request
from tests.access.matrix_world import Whose, World, found_in
from tests.api.contract import Operation

_NUMBERS = count(1)
_PAIR: tuple[Whose, Whose] = ("aster", "nobody")
_UNASKED, _TAGS = frozenset({422}), frozenset({412, 428})
KEPT_ANSWER = "aster-canary-kept-answer"


@dataclass(frozen=True, slots=True)
class Cell:
    """One request that somebody sends, and the one that it must be answered like."""

    place: str
    whose: Whose
    """Whose thing is named."""
    sent: Request
    like: Request | None = None
    in_path: bool = False
    refusals: frozenset[int] = frozenset()
    """How one's own may be refused all the same: for what was smuggled in, or for a tag."""
    named: tuple[str, str] = ("", "")
    """What the two requests call the thing, where both answers may say it again."""


def prepare(world: World) -> None:
    """Let every credential exist, and Aster have an answer kept under everybody's very key; then freeze the world."""
    world.aster.canaries.add(KEPT_ANSWER)
    kept = set()
    for operation in GUARDED:
        for who in CREDENTIALS:
            token = who.authorization(world, operation) or ""
            if who.whose == "birch" and who.by == "key" and ("header", "idempotency-key") in places(operation):
                for path in (own(world, operation, "birch", path=x).path for x in ("aster", "birch", "nobody")):
                    kept.add(Repeat(token.split("_")[2], path, world.aster.things["idempotency key"], "0" * 64))

    def keep(connection: Connection) -> None:
        for repeat in kept:
            idempotency.claim(connection, world.aster.id, repeat, now=world.wire.clock.now())
            idempotency.finish(connection, world.aster.id, repeat, 200, {}, KEPT_ANSWER.encode())

    world.wire.store.run_write(keep, world.aster.id)
    world.freeze()


def cells(world: World, operation: Operation, who: Credential) -> Iterator[Cell]:
    """Yield everything that somebody may try with an operation. Who has no clinic tries it with Aster's things."""
    whose: Whose = "aster" if who.whose == "nobody" else who.whose
    mine = own(world, operation, whose)
    declared = {name for _, name in places(operation)}
    query = {name: world.aster.things[thing] for name, thing in SMUGGLED.items() if name not in declared}
    headers = dict.fromkeys(SMUGGLED_HEADERS, world.aster.id)
    yield Cell("one's own", whose, mine)
    answered = expected(operation, who, "aster")
    is_shut = answered in {"401", "403"}
    if is_shut:  # whatever else is wrong, this comes first
        broken = replace(mine, body=b'{"', query={"limit": "x", "as_of": "never", "preview": "perhaps"})
        yield Cell("broken", whose, broken)
    else:
        yield Cell("smuggled in", whose, mine.but(query=query, headers=headers), mine, refusals=_UNASKED)
    for name in () if is_shut or not isinstance(mine.body, dict) else ("clinic_id", "patient_id"):
        if name in query:
            more = replace(mine, body=mine.body | {name: query[name]})
            yield Cell(f"{name} smuggled into the body", whose, more, mine, refusals=_UNASKED)
    # What Aster's own may do with a path that names Aster's thing, they did above.
    if answered != "done" and own_path(world, operation, "aster") != own_path(world, operation, "nobody"):
        yield from _in_path(world, operation, whose, (query, headers), by_all_ways=not is_shut)
    for where, name in places(operation):
        place = place_of(operation, where, name)
        if isinstance(place, Named) and where != "path":
            named = tuple(value_of(world, operation, where, name, x) for x in _PAIR)
            sent, like = (with_value(mine, place, (where, name), value) for value in named)
            yield Cell(f"{where}: {name}", "aster", sent, like, refusals=place.refusals, named=(named[0], named[1]))


def _in_path(
    world: World,
    operation: Operation,
    whose: Whose,
    smuggled: tuple[dict[str, str], dict[str, str]],
    *,
    by_all_ways: bool,
) -> Iterator[Cell]:
    """Yield the ways to name Aster's thing in the path, each beside the same way to name nobody's."""
    ways: list[tuple[str, dict[str, str], dict[str, str]]] = [("path", {}, {}), ("path, and smuggled", *smuggled)]
    for where, name in places(operation):
        if where == "query" and name != "cursor" and by_all_ways:
            value = value_of(world, operation, where, name, "aster")
            ways.append((f"path, with {name}", {name: value}, {}))
        elif where == "header":
            values = {x: value_of(world, operation, where, name, x) for x in (_PAIR if by_all_ways else _PAIR[:1])}
            ways += [(f"path, with {name} of {x}", {}, {name: value}) for x, value in values.items()]
    theirs, nobodys = (own(world, operation, whose, path=x) for x in _PAIR)
    named = (theirs.path, nobodys.path)
    for way, query, headers in ways:
        sent, like = (request.but(query=query, headers=headers) for request in (theirs, nobodys))
        yield Cell(way, "aster", sent, like, in_path=True, refusals=_TAGS, named=named)
    if ("query", "cursor") in places(operation):  # looked at before the thing itself, for all alike
        more = {"cursor": value_of(world, operation, "query", "cursor", "aster")}
        yield Cell("path, with cursor", "aster", theirs.but(query=more), nobodys.but(query=more), named=named)
    if theirs.headers:
        sent, like = (replace(request, headers={}) for request in (theirs, nobodys))
        yield Cell("path, without a tag", "aster", sent, like, in_path=True, refusals=_TAGS, named=named)


def faults(world: World, operation: Operation, who: Credential, *, audited: bool = True) -> Iterator[str]:
    """Try everything that somebody may try with an operation; name what is not as declared."""
    tried: list[tuple[Cell, str, Answer]] = []
    authorization = who.authorization(world, operation)
    is_one = who.whose == "aster" and who.is_known()
    protected = tuple(sorted(world.of_one)) if who.whose == "other" else (world.aster.id,)
    protected, hidden = ((), set()) if is_one else (protected, world.hidden(who.whose))
    for cell in cells(world, operation, who):
        same = {"x-request-id": f"cell-{next(_NUMBERS)}"}
        wanted = expected(operation, who, cell.whose)
        answer = world.wire.send(cell.sent.but(headers=same), authorization, protected)
        is_compared = cell.refusals == _UNASKED if wanted == "done" else wanted == "nothing" or cell.place == "path"
        like = world.wire.send(cell.like.but(headers=same), authorization) if cell.like and is_compared else None
        tried.append((cell, same["x-request-id"], answer))
        found = [*_wrong(operation, replace(cell, refusals=cell.refusals | who.refusals), wanted, answer, like)]
        found += [f"it shows {word}" for word in _shown(hidden, cell, answer.text())]
        found += [f"it changes {table}" for table in answer.changed]
        yield from (f"{operation.name} · {who.name} · {cell.place}: {fault}" for fault in found)
    if audited:
        lines = world.wire.lines()
        for cell, number, answer in tried:
            for fault in _not_noted(world, who, cell, answer, [x for x in lines if x["request_id"] == number]):
                yield f"{operation.name} · {who.name} · {cell.place}: {fault}"


def answers(world: World) -> dict[str, tuple[int, str]]:
    """Give what everybody who is not of Aster, and another patient of Aster's, are answered about their own things."""
    found = {}
    for operation in GUARDED:
        for who in CREDENTIALS:
            if who.whose in {"birch", "other"} and expected(operation, who, who.whose) == "done":
                request = own(world, operation, who.whose).but(headers={"x-request-id": "the-same"})
                answer = world.wire.send(request, who.authorization(world, operation))
                found[f"{operation.name} · {who.name}"] = _plain(answer, "", "/-/-")
    world.wire.lines()  # they asked the second time as often as the first
    return found


def _shown(hidden: set[str], cell: Cell, text: str) -> list[str]:
    """List the words that the caller may not read, but for those that the request said itself."""
    said = cell.sent.text()
    return [word for word in sorted(hidden) if word in text and word not in said]


def _not_noted(world: World, who: Credential, cell: Cell, answer: Answer, lines: list[dict[str, Any]]) -> Iterator[str]:
    """Hold that whatever was answered has its line, in the audit of the caller's clinic and in nobody else's."""
    # Of a token or a session that opens nothing, nobody can say whose it was meant to be; a key has a public part.
    is_ours = who.whose != "nobody" and (who.is_known() or who.by == "key")
    clinic = world.view(who.whose).id if is_ours else None
    if answer.status != 304 and answer.status not in {line["outcome"] for line in lines}:
        yield f"{answer.status} has no line in the audit, only {[line['outcome'] for line in lines]}"
    if others := {line["clinic_id"] for line in lines} - {clinic}:
        yield f"its line stands in the audit of {others}"
    if clinic == world.birch.id:
        yield from (f"its line shows {word}" for word in _shown(world.aster.canaries, cell, str(lines)))


def _wrong(operation: Operation, cell: Cell, wanted: str, answer: Answer, like: Answer | None) -> Iterator[str]:
    told = f"{answer.status} {answer.body[:300].decode()}"
    if str(answer.status) not in operation.told["responses"]:
        yield f"an answer that is not documented: {told}"
    if (answer.status == 401) != answer.header("www-authenticate").startswith("Bearer"):
        yield "WWW-Authenticate belongs to 401, and only there"
    if wanted in {"401", "403"}:
        if str(answer.status) != wanted:
            yield f"not {wanted}: {told}"
        if like is not None and not _alike(cell, answer, like):
            yield f"not as for anything else: {told}"
    elif wanted == "done":
        if answer.status in cell.refusals:
            return
        if not (answer.status < 300 or answer.status == 304):
            yield f"not done: {told}"
        if like is not None and not _alike(cell, answer, like):
            yield f"what was smuggled in counts: {told}"
    elif like is not None and cell.in_path and "404" in operation.told["responses"]:
        if answer.status != 404:
            yield f"not 404: {told}"
        if answer != like:
            yield f"not byte for byte as for nobody's: {told} but {like.status} {like.body[:300].decode()}"
    elif like is not None and not _alike(cell, answer, like):
        yield f"not as for nobody's: {told} but {like.status} {like.body[:300].decode()}"


def _alike(cell: Cell, answer: Answer, like: Answer) -> bool:
    """Compare two answers but for what was made up for each, and for what each request itself named."""
    return _plain(answer, cell.named[0], cell.sent.path) == _plain(like, cell.named[1], (cell.like or cell.sent).path)


def _plain(answer: Answer, named: str, path: str) -> tuple[int, str]:
    headers = " ".join(value for name, value in answer.headers if name not in {"content-length", "link"})
    text = found_in(f"{headers} {answer.body.decode()}")
    for said in (path, named, *path.split("/")[-2:]):
        text = text.replace(found_in(said), "…") if len(said) > 4 else text
    return answer.status, text
