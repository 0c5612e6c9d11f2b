"""A newly shipped version never takes the number of a clinic's draft, so no draft can reach a patient."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from prep_tracker import catalog
from prep_tracker.domain.protocol import Protocol
from prep_tracker.services import protocols as shipping
from prep_tracker.services.access import new_clinic
from prep_tracker.services.protocols import ship
from prep_tracker.store import Connection, protocols
from prep_tracker.store.session import Store

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
SLUG = "laser-resurfacing"


def test_a_draft_and_a_newly_shipped_version_have_different_numbers(store: Store) -> None:
    def tell(connection: Connection) -> tuple[list[str], str]:
        ship(connection, now=NOW)
        clinic = new_clinic(connection, "Aster", "Europe/Amsterdam", now=NOW)
        first = protocols.get(connection, clinic.id, SLUG)
        draft = replace(first, id="draft", clinic_id=clinic.id, number=2, status="draft", content_hash="other")
        protocols.add_version(connection, clinic.id, draft)
        older = replace(first, id="older", number=3, content_hash="older")
        protocols.add_version(connection, None, older)  # what ships now differs from what was shipped last
        return ship(connection, now=NOW), protocols.get(connection, clinic.id, SLUG).status

    added, status = store.run_write(tell)
    assert added == [f"{SLUG}@4"]
    assert status == "published"


def test_what_was_translated_since_is_a_new_version_and_the_old_one_stays(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A database from before a translation keeps its version 1 to the letter; a new one begins with all languages."""
    now_shipped = catalog.protocol(SLUG)
    english = now_shipped.model_copy(update={"title": {"en": now_shipped.title["en"]}})

    def titles(connection: Connection) -> list[list[str]]:
        rows = [row for row in protocols.shipped(connection) if row.slug == SLUG]
        return [sorted(Protocol.model_validate_json(row.content).title) for row in rows]

    with monkeypatch.context() as before:
        before.setattr(shipping, "shipped_protocol", lambda slug: english if slug == SLUG else catalog.protocol(slug))
        assert f"{SLUG}@1" in store.run_write(lambda connection: ship(connection, now=NOW))
    assert store.run_write(lambda connection: ship(connection, now=NOW)) == [f"{SLUG}@2"]
    assert store.run_read(titles) == [["en"], ["ar", "en", "es", "nl"]]
    assert store.run_write(lambda connection: ship(connection, now=NOW)) == []


def test_a_draft_never_stands_for_a_published_version_of_its_number(store: Store) -> None:
    def tell(connection: Connection) -> str | None:
        ship(connection, now=NOW)
        clinic = new_clinic(connection, "Aster", "Europe/Amsterdam", now=NOW)
        first = protocols.get(connection, clinic.id, SLUG)
        draft = replace(first, id="draft", clinic_id=clinic.id, status="draft")
        protocols.add_version(connection, clinic.id, draft)
        return protocols.get(connection, clinic.id, SLUG, 1).clinic_id

    assert store.run_write(tell) is None
