"""Write the list of words in docs/protocols.md anew from the lexicon: ``python -m tests.docs.words``."""

from collections.abc import Iterator

from prep_tracker import catalog
from prep_tracker.catalog.reader import read
from tests.architecture.tree import SOURCE
from tests.docs.pages import PROTOCOLS

BEGIN, END = "<!-- words: made by python -m tests.docs.words -->\n", "<!-- end of words -->\n"
HEADINGS = {
    "exposures": "Sun, hair removal, food, habits",
    "skincare": "Skin care",
    "procedures": "Other treatments",
    "medicines": "Medicines and supplements",
    "sheets": "More, as sheets name it",
}


def words() -> Iterator[str]:
    """Yield the lines of the list: one table a file of the lexicon, those first that have a heading of their own."""
    lexicon = catalog.lexicon()
    files = {
        path.stem: read(path.read_text(encoding="utf-8")).data for path in (SOURCE / "data" / "lexicon").glob("*.yaml")
    }
    for name in (*HEADINGS, *sorted(files.keys() - HEADINGS.keys())):
        if not files[name].get("classes"):
            continue
        yield from (f"\n### {HEADINGS.get(name, name.capitalize())}\n\n", "| word | what it is | a kind of | |\n")
        yield "|---|---|---|---|\n"
        for one in files[name]["classes"]:
            found = lexicon.classes[one["id"]]
            kinds = ", ".join(f"`{kind}`" for kind in found.kind_of)
            marks = " ".join(mark for mark, is_so in (("M", found.medicine), ("S", found.route == "systemic")) if is_so)
            yield f"| `{found.id}` | {found.title['en']} | {kinds} | {marks} |\n"
    yield "\n"


def halves(text: str) -> tuple[str, str, str]:
    """Give what stands before the list, the list, and what stands after it."""
    before, _, rest = text.partition(BEGIN)
    listed, _, after = rest.partition(END)
    return before, listed, after


if __name__ == "__main__":
    before, _, after = halves(PROTOCOLS.read_text(encoding="utf-8"))
    PROTOCOLS.write_text(f"{before}{BEGIN}{''.join(words())}{END}{after}", encoding="utf-8")
