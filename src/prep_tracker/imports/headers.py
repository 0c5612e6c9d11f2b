"""Find out which column holds what: by what the clinic says, or by headers in English, Spanish or Dutch."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from prep_tracker.imports.faults import CellFault
from prep_tracker.imports.table import letters
from prep_tracker.imports.text import lost_letters

if TYPE_CHECKING:
    from prep_tracker.imports.table import Row, Table

NAMES: Mapping[str, str] = {
    "booking_reference": "booking reference",
    "patient_reference": "patient reference",
    "name": "name",
    "given_name": "given name",
    "family_name": "family name",
    "birth_date": "birth date",
    "language": "language",
    "email": "e-mail address",
    "phone": "phone number",
    "protocol": "protocol",
    "on": "day of the procedure",
    "at": "time of the procedure",
}
"""What a file may say of a booking, and how that is called in a sentence."""
REQUIRED = ("booking_reference", "patient_reference", "name", "protocol", "on")
FIXABLE = ("protocol", "language")
"""What may be the same for all rows, and then needs no column."""
LOOKED_AT = 20
"""Rows among which the headers are looked for: above them some programs write a title."""
_HEADERS: Mapping[str, str] = {
    "booking_reference": """
        booking reference, booking ref, booking number, booking no, booking id, booking, appointment reference,
        appointment number, appointment no, appointment id, reservation number, reservation id,
        referencia de la reserva, referencia de reserva, numero de reserva, n de reserva, n reserva, id de reserva,
        id reserva, reserva, localizador, referencia de la cita, referencia cita, numero de cita, n de cita, n cita,
        id de cita, id cita, boekingsnummer, boekingsnr, afspraaknr, boekingsreferentie,
        boekings id, boekingsid, boeking, afspraaknummer,
        afspraak id, afspraakid, afspraakreferentie, reserveringsnummer, reservering""",
    "patient_reference": """
        patient reference, patient ref, patient number, patient no, patient id, patientid, mrn, medical record number,
        chart number, chart no, client number, client id, referencia del paciente, referencia paciente,
        numero de paciente, n de paciente, n paciente, id de paciente, id paciente, numero de historia,
        numero de historia clinica, n de historia clinica, historia clinica, nhc, patientnummer,
        patientnr, patient nummer, patientennummer, patientreferentie, clientnummer, dossiernummer""",
    "name": """
        name, patient name, patient, full name, client name, client, nombre, nombre del paciente, nombre completo,
        nombre y apellidos, paciente, naam, patientnaam, naam patient, volledige naam""",
    "given_name": """
        given name, given names, first name, firstname, forename, nombre de pila, nombres, voornaam,
        voornamen, roepnaam""",
    "family_name": """
        family name, last name, lastname, surname, apellido, apellidos, achternaam, familienaam""",
    "birth_date": """
        birth date, birthdate, date of birth, dob, birthday, day of birth, fecha de nacimiento, fecha nacimiento,
        f nacimiento, nacimiento, geboortedatum, geboren, geb datum""",
    "language": """
        language, lang, preferred language, idioma, idioma preferido, lengua, taal, voertaal, voorkeurstaal""",
    "email": """
        email, e mail, email address, e mail address, mail, correo, correo electronico, direccion de correo,
        emailadres, e mailadres, mailadres""",
    "phone": """
        phone, phone number, telephone, telephone number, tel, mobile, mobile phone, mobile number, cell, cell phone,
        telefono, numero de telefono, telefono movil, movil, telefoon, telefoonnummer, mobiel, mobiel nummer,
        mobiele telefoon, gsm""",
    "protocol": """
        protocol, procedure, procedure type, treatment, treatment type, service, protocolo, procedimiento, tratamiento,
        tipo de tratamiento, servicio, behandeling, soort behandeling, ingreep, verrichting""",
    "on": """
        on, day, date, procedure date, procedure day, procedure on, date of procedure, treatment date,
        date of treatment, appointment date, fecha, dia, fecha de la cita, fecha cita, fecha de cita,
        fecha del procedimiento, fecha del tratamiento, fecha de tratamiento, datum, dag, behandeldatum, behandeldag,
        datum behandeling, afspraakdatum, datum afspraak, datum ingreep""",
    "at": """
        at, time, hour, start time, procedure time, treatment time, appointment time, time of procedure, hora,
        hora de la cita, hora cita, hora de cita, hora de inicio, hora del procedimiento, tijd, tijdstip, uur,
        starttijd, begintijd, aanvangstijd, tijd afspraak""",
}


def plain(text: str) -> str:
    """Write a text as it is compared: small letters without accents, one space between words, nothing else."""
    bare = unicodedata.normalize("NFKD", text.casefold().replace("º", "").replace("ª", ""))
    return " ".join(re.findall(r"[^\W_]+", "".join(c for c in bare if not unicodedata.combining(c))))


_KNOWN: Mapping[str, str] = {
    plain(header): field for field, headers in _HEADERS.items() for header in (field, *headers.split(","))
}
Source = Literal["chosen", "remembered", "recognised"]


@dataclass(frozen=True, slots=True)
class Column:
    """Which column holds something, 0 for A, with its header as written, and who said so."""

    index: int
    header: str
    source: Source


@dataclass(frozen=True, slots=True)
class Layout:
    """The row of headers, its headers as written, and the column of each field that the file has."""

    row: int
    headers: tuple[str, ...]
    columns: Mapping[str, Column]
    unused: tuple[str, ...]
    faults: tuple[CellFault, ...] = ()

    def has(self, field: str) -> bool:
        """Say whether the file has a column for this."""
        return field in self.columns


def find_columns(
    table: Table, chosen: Mapping[str, str], remembered: Mapping[str, str], fixed: Mapping[str, str]
) -> Layout:
    """Find the row of headers, and by it the column of each field.

    What is ``chosen`` goes before what is ``remembered``, and that before what is recognised. What is ``fixed`` needs
    no column.
    """
    head = _head(table, {plain(header) for header in (*chosen.values(), *remembered.values())})
    number = head.number if head is not None else 1
    headers = tuple(_shown(value) for value in head.cells) if head is not None else ()
    while headers and not headers[-1]:
        headers = headers[:-1]
    found = _Found(table, number, headers)
    found.read()
    for field in NAMES:
        if field not in fixed:
            found.look(field, chosen.get(field), remembered.get(field))
    columns = found.columns
    whole = columns.get("name")
    if whole is not None and whole.source == "recognised" and "family_name" in columns and "given_name" not in columns:
        columns["given_name"] = columns.pop("name")  # "Nombre" beside "Apellidos" is not the whole name
    for field in REQUIRED:
        if field in columns or field in fixed or (field == "name" and {"given_name", "family_name"} & columns.keys()):
            continue
        if not any(fault.field == field for fault in found.faults):
            found.fault(field, "missing-column", 0)
    taken = {column.index for column in columns.values()}
    unused = tuple(header for index, header in enumerate(headers) if header and index not in taken)
    columns = dict(sorted(columns.items(), key=lambda item: item[1].index))
    return Layout(number, headers, columns, unused, tuple(found.faults))


class _Found:
    """The columns that were found so far."""

    def __init__(self, table: Table, number: int, headers: tuple[str, ...]) -> None:
        self.columns: dict[str, Column] = {}
        self.faults: list[CellFault] = []
        self._table, self._number, self._headers = table, number, headers
        self._plain = [plain(header) for header in headers]

    def read(self) -> None:
        """Note the headers that cannot be read: unnoticed, their columns would be left out."""
        for index, header in enumerate(self._headers):
            code = self._table.flaws.get((self._number, index)) or ("lost-letters" if lost_letters(header) else None)
            if code is not None:
                self.faults.append(CellFault(self._number, None, self._table.address(self._number, index), code))

    def look(self, field: str, chosen: str | None, remembered: str | None) -> None:
        """Look for the column of one field."""
        if chosen is not None and self._by_header(field, chosen, "chosen"):
            return
        if chosen is None and remembered is not None and self._by_header(field, remembered, "remembered"):
            return
        if chosen is None:
            indexes = [n for n, header in enumerate(self._plain) if header and _KNOWN.get(header) == field]
            self._take(field, indexes, "recognised")
        else:
            self.fault(field, "unknown-column", 0)

    def fault(self, field: str, code: str, column: int, **given: str) -> None:
        """Note what is wrong with the headers."""
        named = {"field": NAMES[field], "field_name": field, **given}
        self.faults.append(CellFault(self._number, field, self._table.address(self._number, column), code, named))

    def _by_header(self, field: str, header: str, source: Source) -> bool:
        exact = [n for n, known in enumerate(self._headers) if known == header.strip()]
        indexes = exact or [n for n, known in enumerate(self._plain) if known and known == plain(header)]
        self._take(field, indexes, source)
        return bool(indexes)

    def _take(self, field: str, indexes: list[int], source: Source) -> None:
        if len(indexes) == 1:
            self.columns[field] = Column(indexes[0], self._headers[indexes[0]], source)
        elif indexes:
            self.fault(field, "two-columns", indexes[0], columns=" and ".join(letters(n) for n in indexes))


def _head(table: Table, said: set[str]) -> Row | None:
    """Find the row with the most headers that are known or said; the first of all when there is none."""
    rows = table.rows[:LOOKED_AT]
    return max(rows, key=lambda row: _known(row, said), default=None) if rows else None


def _known(row: Row, said: set[str]) -> int:
    texts = {plain(_shown(value)) for value in row.cells}
    return len({_KNOWN.get(text, text) for text in texts if text and (text in _KNOWN or text in said)})


def _shown(value: object) -> str:
    """Write a header as it can be shown; what is no letter becomes a question mark."""
    return " ".join(str(value).split())[:200].encode(errors="replace").decode()
