"""Say who writes to a patient, and which addresses stand in what they get: where their list is, and how to end it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prep_tracker.domain.stop_code import encode
from prep_tracker.exports.messages import Letterhead

if TYPE_CHECKING:
    from prep_tracker.store.clinics import ClinicRow
    from prep_tracker.store.message_rows import ChannelName
    from prep_tracker.store.patients import PatientRow


def letterhead(clinic: ClinicRow, patient: PatientRow, public_url: str | None, message_id: str | None) -> Letterhead:
    """Say who writes to whom; ``message_id`` is that by which its reader may stop all further ones of its kind."""
    contact = clinic.settings.get("contact") or {}
    sender = clinic.settings.get("sender") or {}
    return Letterhead(
        sender.get("name") or clinic.name,
        patient.name,
        contact.get("phone"),
        list_url(clinic, public_url),
        None if message_id is None else stop_url(public_url, clinic, message_id),
    )


def list_url(clinic: ClinicRow, public_url: str | None) -> str | None:
    """Give the address at which a clinic's patients find their list: its own portal, else this service's page."""
    own: str | None = clinic.settings.get("patient_url")
    if own is not None:
        return own
    return None if public_url is None else f"{public_url}/p/"


def stop_url(public_url: str | None, clinic: ClinicRow, message_id: str) -> str | None:
    """Give the address at which whoever got a message may stop all of its kind, short enough for a text message."""
    if public_url is None:
        return None
    code = encode(clinic.id, message_id)
    return f"{public_url}/stop/{clinic.id}/{message_id}" if code is None else f"{public_url}/s/{code}"


def addresses(patient: PatientRow) -> dict[ChannelName, str | None]:
    """Give the ways on which a patient has agreed to be written to, each with the address, if there is one."""
    known: dict[ChannelName, str | None] = {"email": patient.email, "sms": patient.phone}
    return {channel: address for channel, address in known.items() if patient.messages.get(channel)}


def ways_of(patient: PatientRow) -> tuple[str, ...]:
    """Name the ways on which a patient gets messages: agreed to, and with an address."""
    return tuple(way for way, address in addresses(patient).items() if address)
