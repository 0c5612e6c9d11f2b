"""Read the settings from the environment: ``PREP_…``, or ``PREP_…_FILE`` for a value that stands in a file."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from difflib import get_close_matches
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, ValidationInfo, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from prep_tracker.domain import people

PREFIX = "PREP_"
NOT_OURS = "PREP_TEST_"
"""What begins so belongs to the tests, not to the service."""
MOST_A_MINUTE = 1_000_000
"""What no process reaches; each request of the last minute takes a few bytes."""
SHORTEST_KEY = 32
_ONE_LINE = r"^[^\x00-\x1f\x7f]+$"
_ORIGIN = re.compile(r"https?://[^\s/?#@,]+")


class WrongSettingsError(Exception):
    """Some settings cannot be used; each of ``lines`` names one and what to write instead, and never its value."""

    def __init__(self, lines: tuple[str, ...]) -> None:
        """Keep one line a setting."""
        super().__init__("\n".join(lines))
        self.lines = lines


class Settings(BaseSettings):
    """How one process of the service is set up. Descriptions say what to write: errors repeat them.

    ``repr=False`` marks what may hold a secret; such a value is shown nowhere.
    """

    model_config = SettingsConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    database_url: str = Field(
        "sqlite:///prep-tracker.db",
        repr=False,
        description="Write sqlite:/// and a path, or postgresql://user:password@host/name.",
    )
    host: str = Field("127.0.0.1", min_length=1, description="Write the address to listen on, for example 0.0.0.0.")
    port: int = Field(8321, ge=0, le=65535, description="Write a port from 0 to 65535; 0 takes any that is free.")
    origins: tuple[str, ...] = Field(
        (), description="Write the web addresses of portals with commas between, for example https://portal.example."
    )
    trusted_proxies: tuple[str, ...] = Field(
        ("127.0.0.1", "::1"),
        description="Write the addresses or networks of your proxies with commas between, for example 10.0.0.0/8.",
    )
    requests_a_minute: int = Field(
        600, ge=0, le=MOST_A_MINUTE, description="Write how often one credential may ask in a minute; 0 for no limit."
    )
    wrong_credentials_a_minute: int = Field(
        60, ge=0, le=MOST_A_MINUTE, description="Write how many wrong ones an address may send; 0 for no limit."
    )
    public_url: str | None = Field(
        None,
        description="Write the address under which patients and staff reach the service, as in https://prep.example.",
    )
    audit_key: str | None = Field(
        None,
        repr=False,
        description="Write a secret of 32 characters or more; after a new one, the old ones, with commas between.",
    )
    metrics_port: int | None = Field(
        None, ge=1, le=65535, description="Write a port on which numbers for Prometheus are shown on this machine only."
    )
    traces: str | None = Field(
        None,
        pattern=r"^https?://\S+$",
        description="Write the address of an OTLP collector, as in http://localhost:4318/v1/traces.",
    )
    smtp_host: str | None = Field(
        None, description="Write the name of the mail server; without one, no e-mail is sent."
    )
    smtp_port: int = Field(587, ge=1, le=65535, description="Write the mail server's port.")
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="Write starttls, tls, or none for a mail server on this very machine."
    )
    smtp_user: str | None = Field(None, description="Write the name to sign in with at the mail server.")
    smtp_password: str | None = Field(
        None, pattern=_ONE_LINE, repr=False, description="Write the password for the mail server, on one line."
    )
    smtp_sender: str | None = Field(
        None,
        pattern=people.EMAIL,
        description="Write the address that e-mail comes from, as in prep@clinic.example.",
    )
    sms_url: str | None = Field(
        None, pattern=r"^https?://\S+$", description="Write the address of the gateway for text messages."
    )
    sms_token: str | None = Field(
        None, pattern=_ONE_LINE, repr=False, description="Write the token for the gateway, on one line."
    )
    worker: Literal["on", "off"] = Field(
        "on", description="Write off where prep-tracker work sends the messages, and serve is to send none."
    )
    log: Literal["console", "json"] = Field("console", description="Write console or json.")
    log_requests: bool = Field(default=False, description="Write true for a line of log a request, else false.")

    @field_validator("database_url")
    @classmethod
    def _is_known_database(cls, value: str) -> str:
        from prep_tracker.store.engine import database_url

        database_url(value)
        return value

    @property
    def audit_keys(self) -> tuple[str, ...]:
        """Give the secrets with which the audit is sealed and proven, newest first."""
        return tuple(one.strip() for one in (self.audit_key or "").split(",") if one.strip())

    @field_validator("audit_key")
    @classmethod
    def _are_long(cls, value: str | None) -> str | None:
        if value is not None and any(len(one.strip()) < SHORTEST_KEY for one in value.split(",")):
            raise ValueError("a secret that can be guessed")
        return value

    @field_validator("smtp_security")
    @classmethod
    def _is_encrypted(cls, value: str, others: ValidationInfo) -> str:
        host = others.data.get("smtp_host")
        if value == "none" and host is not None and not _is_here(host):
            raise ValueError("addresses and passwords in clear for all on the way")
        return value

    @field_validator("public_url")
    @classmethod
    def _is_origin(cls, value: str | None) -> str | None:
        if value is None or _ORIGIN.fullmatch(value.rstrip("/")):
            return value and value.rstrip("/")
        raise ValueError("not an address without a path")

    @field_validator("origins", mode="before")
    @classmethod
    def _are_origins(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        origins = tuple(origin.strip().rstrip("/") for origin in value.split(",") if origin.strip())
        if not all(_ORIGIN.fullmatch(origin) for origin in origins):
            raise ValueError("not a list of origins")
        return origins

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _are_proxies(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        networks = [ip_network(one.strip()) for one in value.split(",") if one.strip()]
        if not all(network.prefixlen for network in networks):
            raise ValueError("a network of everybody")  # then anybody could say which address they come from
        return tuple(str(one.network_address if one.num_addresses == 1 else one) for one in networks)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - replaced by a stricter one
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - a forgotten .env shall change nothing
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - PREP_…_FILE names each file
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take what is given by name first, then the environment."""
        return init_settings, _Environment(settings_cls)


def load() -> Settings:
    """Read the environment. Raises ``WrongSettingsError``, also for a ``PREP_…`` variable that is no setting."""
    try:
        return Settings()
    except ValidationError as error:
        wrong = dict.fromkeys(str(one["loc"][0]) for one in error.errors(include_input=False, include_url=False))
        raise WrongSettingsError(tuple(_line(name) for name in wrong)) from None


class _Environment(PydanticBaseSettingsSource):
    """The environment, with every name that begins like ours: an unknown one is a slip of the pen, not a wish."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002 - as asked for
        """Give one value by its name."""
        return self().get(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        """Give all values. An empty one counts as not given, as a compose file passes what is not set."""
        given = {
            name.removeprefix(PREFIX).lower(): value
            for name, value in os.environ.items()
            if name.startswith(PREFIX) and not name.startswith(NOT_OURS) and value
        }
        found: dict[str, Any] = {}
        wrong: list[str] = []
        for name, value in given.items():
            base = name.removesuffix("_file")
            if base == name or base not in Settings.model_fields:
                found[name] = value
            elif base in given:
                wrong.append(f"{_variable(base)} and {_variable(name)} are both set: keep one of them.")
            else:
                _read_into(found, base, value, wrong)
        if wrong:
            raise WrongSettingsError(tuple(wrong))
        return found


def _is_here(host: str) -> bool:
    """Say whether a host is this very machine."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower().rstrip(".") == "localhost"


def _read_into(found: dict[str, Any], name: str, path: str, wrong: list[str]) -> None:
    try:
        found[name] = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        wrong.append(f"{_variable(name)}_FILE: the file cannot be read: {reason}.")


def _line(name: str) -> str:
    fields: Mapping[str, FieldInfo] = Settings.model_fields
    if name in fields:
        return f"{_variable(name)} does not fit. {fields[name].description}"
    meant = get_close_matches(name, fields, 1)
    hint = f" Did you mean {_variable(meant[0])}?" if meant else f" There are {', '.join(map(_variable, fields))}."
    return f"{_variable(name)} is no setting.{hint}"


def _variable(name: str) -> str:
    return f"{PREFIX}{name.upper()}"
