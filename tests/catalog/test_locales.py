"""Texts are flat, by language, and each key comes once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from prep_tracker.catalog import UnknownLanguageError, languages, locales, texts


@pytest.fixture
def _two_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "en.json").write_text('{"greet": "Hello"}', encoding="utf-8")
    (tmp_path / "pt-BR.json").write_text('{"greet": "Olá"}', encoding="utf-8")
    (tmp_path.parent / "secret.json").write_text('{"a": "b"}', encoding="utf-8")
    monkeypatch.setattr(locales, "FOLDER", tmp_path)
    for cached in (locales.languages, locales.texts):
        cached.cache_clear()
    yield
    for cached in (locales.languages, locales.texts):
        cached.cache_clear()


@pytest.mark.usefixtures("_two_files")
def test_a_language_has_its_texts() -> None:
    assert languages() == ("en", "pt-BR")
    assert texts("pt-BR")["greet"] == "Olá"


@pytest.mark.usefixtures("_two_files")
@pytest.mark.parametrize("language", ["xx", "../secret", "", "EN", "en.json"])
def test_a_language_without_a_file_is_refused(language: str) -> None:
    with pytest.raises(UnknownLanguageError):
        texts(language)


@pytest.mark.parametrize("text", ['{"a": "x", "a": "y"}', '{"a": 1}', '{"a": {"b": "x"}}', '["a"]', '"a"', "{"])
def test_a_file_that_is_not_flat_texts_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        locales.parse("en.json", text)


def test_english_is_there() -> None:
    assert "en" in languages()
    assert all(text.strip() for text in texts("en").values())
