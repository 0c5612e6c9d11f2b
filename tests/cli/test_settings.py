"""Settings come from the environment; a wrong one is one clear line that never shows its value."""

from __future__ import annotations

from pathlib import Path

import pytest

from prep_tracker.settings import Settings, WrongSettingsError, load
from tests.cli.terminal import SHEET, lines, run, run_json


def test_without_any_setting_it_works_here() -> None:
    assert load() == Settings(
        database_url="sqlite:///prep-tracker.db", host="127.0.0.1", port=8321, origins=(), log="console"
    )


def test_each_setting_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "DATABASE_URL": "postgresql://ana@db.example/aster",
        "HOST": "192.0.2.1",
        "PORT": "80",
        "ORIGINS": "https://portal.example, http://localhost:5173/",
        "LOG": "json",
    }.items():
        monkeypatch.setenv(f"PREP_{name}", value)
    found = load()
    assert found.database_url == "postgresql://ana@db.example/aster"
    assert (found.host, found.port, found.log) == ("192.0.2.1", 80, "json")
    assert found.origins == ("https://portal.example", "http://localhost:5173")


def test_a_secret_is_read_from_its_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "url").write_text("sqlite:///aster.db\n", encoding="utf-8")
    monkeypatch.setenv("PREP_DATABASE_URL_FILE", str(tmp_path / "url"))
    assert load().database_url == "sqlite:///aster.db"


def test_what_is_empty_counts_as_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREP_DATABASE_URL", "")
    monkeypatch.setenv("PREP_DATABASE_URL_FILE", "")
    monkeypatch.setenv("PREP_PORT", "")
    assert load() == Settings()


def test_what_belongs_to_the_tests_is_no_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREP_TEST_POSTGRES_URL", "postgresql://127.0.0.1:5432/tests")
    assert load() == Settings()


WRONG = [
    ({"PREP_PORT": "geheim"}, "PREP_PORT does not fit. Write a port from 0 to 65535"),
    ({"PREP_PORT": "65536"}, "PREP_PORT does not fit. Write a port"),
    ({"PREP_LOG": "geheim"}, "PREP_LOG does not fit. Write console or json."),
    ({"PREP_ORIGINS": "portal.example"}, "PREP_ORIGINS does not fit. Write the web addresses"),
    ({"PREP_ORIGINS": "https://a.example/path"}, "PREP_ORIGINS does not fit."),
    ({"PREP_ORIGINS": "*"}, "PREP_ORIGINS does not fit."),
    ({"PREP_DATABASE_URL": "mysql://ana:geheim@db/aster"}, "PREP_DATABASE_URL does not fit. Write sqlite:///"),
    ({"PREP_DATABASE_URL": "geheim"}, "PREP_DATABASE_URL does not fit. Write sqlite:///"),
    ({"PREP_DATABASE_URL": "sqlite://"}, "PREP_DATABASE_URL does not fit."),
    ({"PREP_DATABSE_URL": "geheim"}, "PREP_DATABSE_URL is no setting. Did you mean PREP_DATABASE_URL?"),
    ({"PREP_COLOUR": "geheim"}, "PREP_COLOUR is no setting. There are PREP_DATABASE_URL, PREP_HOST"),
    ({"PREP_COLOUR_FILE": "geheim"}, "PREP_COLOUR_FILE is no setting."),
    ({"PREP_DATABASE_URL_FILE": "geheim"}, "PREP_DATABASE_URL_FILE: the file cannot be read: No such file"),
    ({"PREP_DATABASE_URL_FILE": "latin"}, "PREP_DATABASE_URL_FILE: the file cannot be read: it is not UTF-8"),
    ({"PREP_SMTP_SENDER": "geheim"}, "PREP_SMTP_SENDER does not fit. Write the address that e-mail comes from"),
    ({"PREP_SMTP_SENDER": "a@b.example;geheim"}, "PREP_SMTP_SENDER does not fit."),
    (
        {"PREP_SMTP_SECURITY": "none", "PREP_SMTP_HOST": "geheim.example"},
        "PREP_SMTP_SECURITY does not fit. Write starttls, tls, or none for a mail server on this very machine.",
    ),
    (
        {"PREP_SMTP_SECURITY": "none", "PREP_SMTP_HOST": "10.0.0.5"},
        "PREP_SMTP_SECURITY does not fit.",
    ),
    (
        {"PREP_DATABASE_URL": "sqlite:///geheim.db", "PREP_DATABASE_URL_FILE": "geheim"},
        "PREP_DATABASE_URL and PREP_DATABASE_URL_FILE are both set",
    ),
]


@pytest.mark.parametrize(("settings", "says"), WRONG)
@pytest.mark.parametrize("command", ["serve", "migrate", "keys list"])
def test_a_wrong_setting_is_one_line(tmp_path: Path, command: str, settings: dict[str, str], says: str) -> None:
    (tmp_path / "latin").write_bytes(b"geheim \xff")
    code, (said,) = lines(*command.split(), **settings)
    assert code == 2
    assert said.startswith(f"prep-tracker: {says}")
    assert "geheim" not in said
    assert [path.name for path in tmp_path.iterdir()] == ["latin"]


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST.", "127.0.0.1", "127.0.0.53", "::1", "[::1]", ""])
def test_mail_to_this_very_machine_may_go_unencrypted(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setenv("PREP_SMTP_SECURITY", "none")
    monkeypatch.setenv("PREP_SMTP_HOST", host)
    assert load().smtp_security == "none"


def test_every_wrong_setting_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREP_PORT", "x")
    monkeypatch.setenv("PREP_LOG", "x")
    monkeypatch.setenv("PREP_X", "x")
    with pytest.raises(WrongSettingsError) as caught:
        load()
    assert {line.split()[0] for line in caught.value.lines} == {"PREP_PORT", "PREP_LOG", "PREP_X"}


def test_plan_needs_no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREP_PORT", "x")
    assert run(*SHEET, "--as-of", "2026-12-04").exit_code == 0


def test_every_setting_is_shown_and_no_secret() -> None:
    shown = run("settings", PREP_AUDIT_KEY="geheim" * 6, PREP_PORT="80", PREP_ORIGINS="https://portal.example").stdout
    values = dict(line.split(" = ") for line in shown.splitlines() if not line.startswith(" "))
    assert set(values) == {f"PREP_{name.upper()}" for name in Settings.model_fields}
    assert (values["PREP_PORT"], values["PREP_ORIGINS"]) == ("80", "https://portal.example")
    assert (values["PREP_AUDIT_KEY"], values["PREP_SMTP_PASSWORD"]) == ("(set, not shown)", "-")
    assert "geheim" not in shown


def test_settings_are_shown_as_data() -> None:
    values = {row["name"]: row["value"] for row in run_json("settings", PREP_SMS_TOKEN="geheim")}
    assert (values["PREP_SMS_TOKEN"], values["PREP_TRUSTED_PROXIES"]) == ("(set, not shown)", ["127.0.0.1", "::1"])
