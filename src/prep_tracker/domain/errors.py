"""Name what can go wrong in the clinic's words; the doors turn these into answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prep_tracker.domain.plan import Checklist
    from prep_tracker.domain.standing import Reason


@dataclass(frozen=True, slots=True)
class Fault:
    """One wrong field: where it stands (a JSON pointer), a stable code, and what to send instead."""

    pointer: str
    code: str
    message: str


class PrepError(Exception):
    """An expected refusal. ``detail`` is safe to show: it never holds personal data."""

    def __init__(self, detail: str) -> None:
        """Keep the sentence that the caller may read."""
        super().__init__(detail)
        self.detail = detail


class InvalidError(PrepError):
    """Something in the request is wrong; ``faults`` names every wrong field at once."""

    def __init__(self, *faults: Fault) -> None:
        """Keep the faults in the order in which they were found."""
        super().__init__(
            "Some fields need to be corrected." if len(faults) != 1 else "One field needs to be corrected."
        )
        self.faults = faults


class NotFoundError(PrepError):
    """There is no such thing, or it belongs to somebody else: both answer alike."""

    def __init__(self) -> None:
        """Say nothing about what was asked for, so that the two cases cannot be told apart."""
        super().__init__("There is nothing here under this address.")


class UnauthenticatedError(PrepError):
    """No credential was given, or not one that we know."""


class ForbiddenError(PrepError):
    """The credential is known, but its role may not do this; the sentence names the role that may."""


class StaleError(PrepError):
    """Somebody changed the procedure in the meantime; ``version`` is the one that it has now."""

    def __init__(self, version: int) -> None:
        """Keep the version that the caller should read again."""
        super().__init__("This was changed in the meantime. Read it again, then decide anew.")
        self.version = version


class PreconditionRequiredError(PrepError):
    """A change that needs ``If-Match`` came without it."""


class ConflictError(PrepError):
    """The request contradicts what is stored, or cannot be done in this state."""


class BlockedError(PrepError):
    """A clearance was asked for while something blocks the procedure; ``reasons`` are those not accepted by name."""

    def __init__(self, checklist: Checklist, reasons: Sequence[Reason]) -> None:
        """Keep the reasons, so that the answer can say them."""
        names = ", ".join(reason.step for reason in reasons)
        super().__init__(f"Something blocks this procedure. To clear it all the same, accept by name: {names}.")
        self.checklist = checklist
        self.reasons = tuple(reasons)


class IdempotencyMismatchError(PrepError):
    """An ``Idempotency-Key`` came again with another body."""


class BusyError(PrepError):
    """The same ``Idempotency-Key`` is being worked on right now."""


class UnavailableError(PrepError):
    """The database, or a clinic's identity provider, cannot answer at the moment; the sentence says which."""


class TooOftenError(PrepError):
    """A caller asks more often than the service allows; in ``seconds`` (whole, at least 1) they may ask again."""

    def __init__(self, detail: str, seconds: int) -> None:
        """Keep the sentence, which names the limit, and how long to wait."""
        super().__init__(detail)
        self.seconds = seconds
