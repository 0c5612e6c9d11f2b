"""Take a file of bookings through all that is done with it, for the API and for the page: look, book, finish."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Any

from prep_tracker.domain.errors import ConflictError, UnavailableError
from prep_tracker.services import importing

if TYPE_CHECKING:
    from prep_tracker.api.door import Service
    from prep_tracker.desk.case import Desk
    from prep_tracker.imports.choices import Choices
    from prep_tracker.imports.report import Outcome
    from prep_tracker.imports.rows import Booking
    from prep_tracker.services.importing import Import


async def look(service: Service, desk: Desk, data: bytes, choices: Choices) -> Import:
    """Look at all of a file and change nothing; its report says how every row stands.

    Raises ``InvalidError`` for a file that cannot be read, and for choices that there are not.
    """
    # In a thread of its own: others are served while thousands of rows are read.
    file = await asyncio.to_thread(importing.open_file, desk, data, choices)
    named = await service.store.read(lambda c: importing.find_protocols(c, desk, file), desk.clinic.id)
    await asyncio.to_thread(importing.read_bookings, desk, file, named)
    for batch in file.report.batches(importing.BATCH):
        outcomes = await service.store.read(
            lambda c, batch=batch: importing.check_batch(c, desk, file, batch),  # type: ignore[misc]
            desk.clinic.id,
        )
        file.report.checked(outcomes)
    return file


async def book_all(service: Service, desk: Desk, file: Import) -> AsyncIterator[tuple[int, int]]:
    """Book what ``look`` found, and yield after each batch how many rows are done and how many there are.

    Whatever stops it, the batches before are booked. Raises ``ConflictError`` or ``UnavailableError`` saying how many.
    """
    total, done = len(file.report.to_book), 0
    for batch in file.report.batches(importing.BATCH):
        try:
            outcomes = await _book(service, desk, file, batch)
        except (ConflictError, UnavailableError) as error:
            raise importing.stopped(error, file, total) from error
        file.report.took(outcomes)
        done += len(batch)
        yield done, total


async def _book(service: Service, desk: Desk, file: Import, batch: Sequence[Booking]) -> list[Outcome]:
    """Book one batch; where somebody else books the same at this moment, look again."""
    tried = 0
    while True:
        desk.noted.clear()  # thousands of lines, each of which is kept with what it is about
        try:
            return await service.store.write(lambda c: importing.book_batch(c, desk, file, batch), desk.clinic.id)
        except ConflictError:
            tried += 1
            if tried == importing.TRIES:
                raise


def line(kind: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    """Make one line of an answer that comes line by line."""
    return {"line": kind, **more}
