"""The reader takes what a clinic writes, and refuses what could mean something else."""

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from prep_tracker.catalog import reader
from prep_tracker.catalog.reader import DEEPEST, LONGEST, MOST_NODES, ReadError, read

LOADERS = [loader for loader in (getattr(yaml, "CSafeLoader", None), yaml.SafeLoader) if loader]


@pytest.fixture(params=LOADERS, ids=lambda loader: loader.__name__, autouse=True)
def _loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read with the parser in C and with the one in Python: both must refuse the same."""
    monkeypatch.setattr(reader, "LOADER", request.param)


def refusal(text: str | bytes) -> ReadError:
    with pytest.raises(ReadError) as caught:
        read(text)
    return caught.value


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("true", True),
        ("false", False),
        ("null", None),
        ("0", 0),
        ("14", 14),
        ("-7", -7),
        ("18:00", "18:00"),
        ("2026-12-18", "2026-12-18"),
        ("no", "no"),
        ("yes", "yes"),
        ("on", "on"),
        ("True", "True"),
        ("1.5", "1.5"),
        ("1e3", "1e3"),
        ("007", "007"),
        ("-0", "-0"),
        ("+1", "+1"),
        ("1_000", "1_000"),
        ("0x1F", "0x1F"),
        ("0b1", "0b1"),
        ("٣", "٣"),
        (".inf", ".inf"),
        ("=", "="),
        ("9" * 19, "9" * 19),
        ('"14"', "14"),
        ("'true'", "true"),
        ('"null"', "null"),
        ('""', ""),
        ("|\n  two\n  lines", "two\nlines\n"),
        (">-\n  one\n  line", "one line"),
        ("[a, 1]", ["a", 1]),
        ("{no: nei}", {"no": "nei"}),
        ("[]", []),
        ("🙂 Überraschung", "🙂 Überraschung"),
    ],
)
def test_a_value_is_what_it_looks_like(written: str, value: object) -> None:
    data = read(f"key: {written}\n").data
    assert data == {"key": value}
    assert type(data["key"]) is type(value)


@pytest.mark.parametrize("key", ["no", "on", "y", '"1"', "'true'", "2026-12-18", "18:00", "key with blanks"])
def test_a_key_is_text(key: str) -> None:
    assert read(f"{key}: x").data == {key.strip("'\""): "x"}


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, "comes twice"),
        ("a: 1\n'a': 2\n", 2, "comes twice"),
        ("x:\n  - {a: 1,\n     a: 2}\n", 3, "comes twice"),
        ("a: x\n1: y\n", 2, "no text"),
        ("true: y\n", 1, "no text"),
        ("null: y\n", 1, "no text"),
        ("a: 1\n[b]: 2\n", 2, "one word"),
        ("a: 1\n? {b: 1}\n: 2\n", 2, "one word"),
        ("a:\n  <<: {b: 1}\n", 2, "merges"),
        ("a: 1\nb:\nc: 3\n", 2, "nothing stands here"),
        ("a:\n  - 1\n  -\n", 3, "nothing stands here"),
        ("a: ~\n", 1, "~ stands here"),
        ("a: NULL\n", 1, "NULL stands here"),
        ("a: 1\nb: &x 2\n", 2, "names this place"),
        ("a: 1\nb: &x [2]\n", 2, "names this place"),
        ("a: 1\nb: *x\n", 2, "another place"),
        ("a: 1\n*x : 2\n", 2, "another place"),
        ("a: 1\nb: !!str 2\n", 2, "tag"),
        ("a: !!python/object/apply:os.system [x]\n", 1, "tag"),
        ("a: ! x\n", 1, "tag"),
        ("a: !!set {x: 1}\n", 1, "tag"),
        ("a: 1\nb:\n\tc: 2\n", 3, "tab"),
        ("a:\n  \tb: 2\n", 2, "tab"),
        ("a: 1\n---\nb: 2\n", 2, "second document"),
        ("a: 1\n...\nb: 2\n", 3, ""),
        ("%YAML 1.1\n---\na: 1\n", 1, "%"),
        ("%TAG ! tag:example.com,2002:\n---\na: 1\n", 1, "%"),
        ("", 1, "empty"),
        ("# nothing but this\n", 1, "empty"),
        ("---", 1, "nothing stands here"),
        ("a: b: c\n", 1, "cannot be read"),
        ("a: [1, 2\nb: 3\n", 2, "cannot be read"),
        ("a: 1\n  b: 2\n", 2, "cannot be read"),
        ("a: 1\nb: @x\n", 2, "cannot be read"),
        ('a: 1\nb: "\\q"\n', 2, "cannot be read"),
        ('a: 1\nb: "\n', 3, "cannot be read"),
        ("a: 1\nb: \0\n", 2, "U+0000"),
        ("a: 1\nb: \x07\n", 2, "U+0007"),
        ("a: 1\nb: \x85\n", 2, "U+0085"),
        ("a: 1\nb: \u2028\n", 2, "U+2028"),
        ("a: 1\nb: \ufeff\n", 2, "U+FEFF"),
        ("a: 1\nb: \ud800\n", 2, "U+D800"),
        ("a: 1\nb: \uffff\n", 2, "U+FFFF"),
        ('a: 1\nb: "\\0"\n', 2, "U+0000"),
        ('a: 1\nb: "\\L"\n', 2, "U+2028"),
        ('a: 1\n"\\0": 2\n', 2, "U+0000"),
    ],
)
def test_what_is_unclear_is_refused_with_its_line(text: str, line: int, words: str) -> None:
    error = refusal(text)
    assert (error.line, words in error.message, error.mend != "") == (line, True, True), str(error)


@pytest.mark.parametrize("escape", ["\\ud800", "\\U99999999", "\\UFFFFFFFF"])
def test_an_escape_that_names_no_character_is_refused(escape: str) -> None:
    assert refusal(f'a: "{escape}"\n').line == 1


def test_files_from_other_editors_are_read() -> None:
    assert read("\ufeffa: 1\r\nb: 2\r\n").data == {"a": 1, "b": 2}
    assert read(b"\xef\xbb\xbfa: \xc3\xbc\r\n").data == {"a": "ü"}
    assert read("a: 1\rb: 2").data == {"a": 1, "b": 2}
    assert refusal("a: 1\r\nb: 2\r\nb: 3").line == 3
    assert refusal("a: 1\rb: 2\rb: 3").line == 3


def test_other_encodings_are_refused_with_the_line() -> None:
    error = refusal("a: 1\nb: ü\n".encode("latin-1"))
    assert (error.line, "UTF-8" in error.message) == (2, True)
    assert "UTF-8" in refusal("a: 1".encode("utf-16")).message


def test_lines_lead_back_to_the_file() -> None:
    document = read(
        "# head\na: 1\nsteps:\n  - id: x\n    t: |\n      one\n      two\n    of:\n      [sun,\n       heat]\n  - y\n"
    )
    assert [
        document.line(path)
        for path in ((), ("a",), ("steps",), ("steps", 0), ("steps", 0, "t"), ("steps", 0, "of", 1), ("steps", 1))
    ] == [2, 2, 3, 4, 5, 10, 11]


@pytest.mark.parametrize("path", [("b",), ("a", "c"), ("a", 0), (0,), ("l", 2), ("l", -1), ("l", "x")])
def test_a_path_that_leads_nowhere_ends_where_it_last_existed(path: tuple[str | int, ...]) -> None:
    document = read("a:\n  b: 1\nl:\n  - 1\n  - 2\n")
    assert document.line(path) == {"a": 1, "l": 3}.get(str(path[0]), 2 if path[0] == "b" and len(path) > 1 else 1)


class Counting:
    """Count how many of the parser's events are asked for."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.taken = 0
        parse = yaml.parse

        def counted(*args: object, **options: object) -> object:
            for event in parse(*args, **options):  # type: ignore[arg-type]
                self.taken += 1
                yield event

        monkeypatch.setattr(yaml, "parse", counted)


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "[{a: "])
def test_nesting_ends_reading_at_its_limit(opening: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever would follow is never parsed: the number of events is bounded by the depth, not by the file."""
    counting = Counting(monkeypatch)
    error = refusal(opening * (LONGEST // len(opening)))
    assert "deep" in error.message
    assert counting.taken <= 2 * DEEPEST + 10


def test_nesting_within_the_limit_is_read() -> None:
    assert read("[" * DEEPEST + "a" + "]" * DEEPEST).data[0]
    assert "deep" in refusal("[" * (DEEPEST + 1) + "a" + "]" * (DEEPEST + 1)).message


def test_an_alias_bomb_ends_at_its_first_anchor(monkeypatch: pytest.MonkeyPatch) -> None:
    counting = Counting(monkeypatch)
    levels = "\n".join(f"l{n + 1}: &l{n + 1} [{', '.join([f'*l{n}'] * 10)}]" for n in range(12))
    assert refusal(f"l0: &l0 [lol]\n{levels}\n").line == 1
    assert counting.taken < 10


def test_too_many_values_end_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    counting = Counting(monkeypatch)
    assert "100,000" in refusal("[" + "a," * (MOST_NODES + 50_000) + "]").message
    assert counting.taken <= MOST_NODES + 10


@pytest.mark.parametrize("text", ["a: " + "x" * 5_000_000, b"a: " + b"x" * 5_000_000, "[" * (LONGEST + 1)])
def test_a_large_file_is_refused_before_it_is_parsed(text: str | bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    counting = Counting(monkeypatch)
    assert "1 MiB" in refusal(text).message
    assert counting.taken == 0


def test_a_message_repeats_no_more_than_a_line() -> None:
    for text in (
        "&" + "a" * 90_000 + " x",
        "!" + "a" * 90_000 + " x",
        "? " + "k" * 9_000 + "\n: 1\n? " + "k" * 9_000 + "\n: 2",
    ):
        assert len(str(refusal(text))) < 300


SIGNS = st.text(alphabet="ab1:-?#&*!|>'\"%@`{}[], \n\t~<=.\\0u\r\ufeff\x85\ud800🙂", max_size=60)


@given(st.one_of(st.text(max_size=200), SIGNS, st.binary(max_size=100)))
@example("%YAML 1.99999999999999999999\n---\na: 1")
@example("%YAML 99999999999999999999.1\n---\na: 1")
@example('"\\U110000FF"')
@example("? ? ?")
@example("- - -\n -")
def test_nothing_but_a_read_error_comes_out(text: str | bytes) -> None:
    """Whatever is written: either plain data of the six shapes, or a sentence that names a line of the file."""
    error = document = None
    try:
        document = read(text)
    except ReadError as caught:
        error = caught
    if document:
        assert plain(document.data)
    if error:
        written = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
        ends = written.replace(b"\r\n", b"\n").replace(b"\r", b"\n").count(b"\n")
        assert (1 <= error.line <= ends + 1, error.message != "", error.mend != "") == (True, True, True)


def plain(data: object) -> bool:
    if isinstance(data, dict):
        return all(isinstance(key, str) and plain(value) for key, value in data.items())
    if isinstance(data, list):
        return all(plain(value) for value in data)
    return data is None or type(data) in {str, int, bool}
