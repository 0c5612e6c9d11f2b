"""Prove the audit: walk along every clinic's chain once, and say where something was changed, added or taken away."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import combinations
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from prep_tracker.domain.chain import Digest, Keys, Seal, written
from prep_tracker.store import seals

if TYPE_CHECKING:
    from prep_tracker.store import Connection
    from prep_tracker.store.seals import SealedLine

What = Literal["changed", "missing", "added", "reordered", "unknown"]
PRUNED = "audit.pruned"
"""What a line says that vouches for a chain's new beginning; its entity is the mark of whoever took the rest away."""
LATE = timedelta(hours=1)
MOST_TRIED = 64
"""Up to how many lines it is tried whether two of them changed places."""
_LINES, _SEALS = 5_000, 1_000
_BEFORE_ALL = -(2**62)


class Anchor(NamedTuple):
    """A seal that was kept elsewhere: what the chain must hold, now and later."""

    clinic_id: str
    number: int
    hash: str


class Finding(NamedTuple):
    """What is wrong with a chain, and at which of its seals it begins."""

    clinic_id: str
    seal: int
    what: What
    detail: str


@dataclass(slots=True)
class Report:
    """What a proof has found. ``doubts`` are what cannot be told; ``late`` lines were sealed an hour after or later."""

    findings: list[Finding] = field(default_factory=list)
    doubts: list[Finding] = field(default_factory=list)
    heads: list[Seal] = field(default_factory=list)
    lines: int = 0
    unsealed: int = 0
    late: int = 0


def prove(
    connection: Connection, keys: Keys, *, clinic_id: str | None = None, anchors: Iterable[Anchor] = ()
) -> Report:
    """Walk along the chains of all clinics, or of one; an empty id is the chain of lines without a clinic."""
    known = set(seals.chains(connection)) if clinic_id is None else {clinic_id}
    kept = [anchor for anchor in anchors if clinic_id in {None, anchor.clinic_id}]
    wanted = known | {anchor.clinic_id for anchor in kept}
    chains = {each: _Chain(connection, each, keys, [a for a in kept if a.clinic_id == each]) for each in sorted(wanted)}
    report = Report()
    for line in _walk(connection):
        if line.clinic_id in chains:
            report.lines += 1
            chains[line.clinic_id].take(line)
    for chain in chains.values():
        chain.finish()
        report.unsealed += chain.unsealed
        report.late += chain.late
        report.findings += chain.found()
        report.doubts += chain.doubts
        if chain.last is not None:
            report.heads.append(chain.last)
    return report


def _walk(connection: Connection) -> Iterator[SealedLine]:
    number = _BEFORE_ALL
    while batch := seals.lines(connection, number, _LINES):
        yield from batch
        number = batch[-1].number


@dataclass(slots=True)
class _Open:
    """A seal of which not all lines have come by yet. ``before`` is None where the seal before it is gone."""

    seal: Seal
    before: str | None
    digest: Digest = field(default_factory=Digest)
    kept: list[tuple[Any, ...]] = field(default_factory=list)


class _Chain:
    """One clinic's chain, as far as the walk has come."""

    def __init__(self, connection: Connection, clinic_id: str, keys: Keys, anchors: list[Anchor]) -> None:
        self.clinic_id, self.unsealed, self.late = clinic_id, 0, 0
        self.doubts: list[Finding] = []
        self.first: Seal | None = None
        self.last: Seal | None = None
        self._connection, self._keys = connection, keys
        self._anchors = anchors
        self._anchored = 0
        self._open: dict[int, _Open] = {}
        self._gone: list[range] = []
        self._older: list[tuple[int, int]] = []
        self._found: dict[int, Finding] = {}
        self._marks: list[str] = []
        self._plain, self._is_keyed, self._unknown = 0, False, 0

    def take(self, line: SealedLine) -> None:
        """Look at the next line."""
        if line.event == PRUNED:
            self._marks.append(str(line.entity_id))
        if line.seal is None:
            self.unsealed += 1
            return
        if not isinstance(line.seal, int):
            self._find(1, "changed", f"line {line.number} names a seal that is no number")
            return
        while (self.last is None or line.seal > self.last.number) and self._load():
            pass
        place = self._open.get(line.seal)
        if place is None:
            self._find_strange(line.seal, line.number)
            return
        place.digest.add(written(line.values))
        if len(place.kept) < MOST_TRIED:
            place.kept.append(line.values)
        self.late += _is_late(line.at, place.seal.sealed_at)
        if place.digest.lines == place.seal.lines:
            self._close(place)

    def finish(self) -> None:
        """Look at what is still missing once all lines have come by."""
        while self._load():
            pass
        if self.first is not None:
            self._begin(self.first)
        for number, place in self._open.items():
            self._find(number, "missing", f"{place.digest.lines} of its {place.seal.lines} lines are there")
        for anchor in self._anchors:
            self._find_anchor(anchor)
        if self._unknown:
            self._doubt(self._unknown, "it was made with a key that is not given")
        if self._keys.newest is not None and self._plain > self._anchored:
            detail = f"the seals up to {self._plain} were made without a key: only an anchor can vouch for them"
            self._doubt(self._plain, detail)

    def found(self) -> list[Finding]:
        """Give what is wrong, the first seal first."""
        return [self._found[number] for number in sorted(self._found)]

    def _load(self) -> bool:
        """Read the next seals; False: there are no more."""
        after = 0 if self.last is None else self.last.number
        found = seals.after(self._connection, self.clinic_id, after, _SEALS)
        for seal in found:
            number: Any = seal.number
            if not isinstance(number, int):
                self._find(after + 1, "changed", "a seal has a number that is none")
                return False
            self._add(seal)
        return bool(found)

    def _add(self, seal: Seal) -> None:
        last = self.last
        before: str | None = None
        if last is None:
            self.first, before = seal, "" if seal.number == 1 else None
        elif seal.number == last.number + 1:
            before = last.hash
        else:
            self._gone.append(range(last.number + 1, seal.number))
            self._find(last.number + 1, "missing", f"the seals {last.number + 1} to {seal.number - 1} are gone")
        self.last = seal
        if seal.key_id is not None:
            self._is_keyed = True
        elif self._is_keyed:
            self._find(seal.number, "changed", "it was made without the key that the seals before it have")
        else:
            self._plain = seal.number
        for anchor in [each for each in self._anchors if each.number == seal.number]:
            self._anchors.remove(anchor)
            if anchor.hash == seal.hash:
                self._anchored = max(self._anchored, seal.number)
            else:
                self._find(seal.number, "changed", "an anchor knows another seal with this number")
        place = self._open[seal.number] = _Open(seal, before)
        if seal.lines == 0:
            self._close(place)

    def _close(self, place: _Open) -> None:
        """Judge a seal of which all lines have come by."""
        seal = place.seal
        del self._open[seal.number]
        if place.before is None:
            return
        verdict = self._keys.judge(place.before, seal, place.digest)
        if verdict == "unknown-key":
            self._unknown = self._unknown or seal.number
        elif verdict == "wrong":
            what, detail = self._why(place, place.before)
            self._find(seal.number, what, detail)

    def _why(self, place: _Open, before: str) -> tuple[What, str]:
        """Say what may have been done to a seal that is wrong although it has as many lines as it should."""
        if not self._found:
            if len(place.kept) == place.seal.lines and self._have_swapped(place, before):
                return "reordered", "two of its lines have changed places"
            made = self._keys.made(before, place.seal, place.digest)
            if seals.with_hash(self._connection, self.clinic_id, made) is not None:
                return "reordered", "another seal stands in its place"
        return "changed", "the seal does not fit its lines"

    def _have_swapped(self, place: _Open, before: str) -> bool:
        whole = [written(values) for values in place.kept]
        for (i, one), (j, other) in combinations(enumerate(place.kept), 2):
            tried = whole.copy()
            tried[i], tried[j] = written((one[0], *other[1:])), written((other[0], *one[1:]))
            digest = Digest()
            for line in tried:
                digest.add(line)
            if self._keys.judge(before, place.seal, digest) == "right":
                return True
        return False

    def _begin(self, first: Seal) -> None:
        """Judge the beginning: seal 1, or one up to which somebody who was allowed to took everything away."""
        place = self._open.get(first.number)
        is_bare = place is not None and place.digest.lines == 0
        if is_bare and any(self._keys.vouched(mark, first) for mark in self._marks):
            del self._open[first.number]
            for number, line in self._older:
                self._find(number, "added", f"line {line} is older than the chain")
            self._anchors = [anchor for anchor in self._anchors if anchor.number > first.number]
        elif first.number > 1 and first.key_id is not None and self._keys.judge("", first, Digest()) == "unknown-key":
            self._open.pop(first.number, None)
            self._doubt(first.number, "the chain begins here, and the key that could vouch for it is not given")
        elif first.number > 1:
            self._find(1, "missing", f"the seals 1 to {first.number - 1} are gone, and no line vouches for it")

    def _find_strange(self, number: int, line: int) -> None:
        """Name what is wrong when a line comes by for whose seal there is no place."""
        first, last = self.first, self.last
        if first is None or last is None or number > last.number or any(number in gone for gone in self._gone):
            self._find(number, "missing", f"the seal of line {line} is gone")
        elif number < first.number:
            self._older.append((number, line))
        else:
            self._find(number, "added", f"line {line} is one more than it covers")

    def _find_anchor(self, anchor: Anchor) -> None:
        last = 0 if self.last is None else self.last.number
        if anchor.number > last:
            detail = f"the chain ends at seal {last}, and an anchor knows seal {anchor.number}"
            self._find(last + 1, "missing", detail)

    def _find(self, number: int, what: What, detail: str) -> None:
        """Keep what is wrong at a seal; that something came or went says more than that it does not fit."""
        known = self._found.get(number)
        if known is None or (known.what in {"changed", "reordered"} and what in {"added", "missing"}):
            self._found[number] = Finding(self.clinic_id, number, what, detail)

    def _doubt(self, number: int, detail: str) -> None:
        self.doubts.append(Finding(self.clinic_id, number, "unknown", detail))


def _is_late(at: object, sealed_at: object) -> bool:
    try:
        return datetime.fromisoformat(str(sealed_at)) - datetime.fromisoformat(str(at)) > LATE
    except (ValueError, TypeError):
        return False
