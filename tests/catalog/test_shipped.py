"""What ships as data may be used as it is: protocols without faults, a lexicon that knows all it names."""

import pytest

from prep_tracker.catalog import UnknownProtocolError, lexicon, load_protocol, protocol, slugs, source


@pytest.mark.parametrize("slug", slugs())
def test_every_protocol_that_ships_may_be_published(slug: str) -> None:
    checked, found = load_protocol(source(slug), lexicon(), f"{slug}.yaml")
    assert [str(one) for one in found if one.finding.level == "fault"] == []
    assert checked == protocol(slug)
    assert checked is not None
    assert checked.protocol == slug


@pytest.mark.parametrize("slug", ["laser", "../lexicon/exposures", "", "x" * 1000])
def test_a_protocol_that_does_not_ship_is_refused_by_name(slug: str) -> None:
    with pytest.raises(UnknownProtocolError) as caught:
        protocol(slug)
    assert len(str(caught.value)) < 200


def test_a_near_miss_is_told_the_right_name() -> None:
    with pytest.raises(UnknownProtocolError, match=f"Did you mean {slugs()[0]}"):
        protocol(slugs()[0].replace("-", ""))


def test_the_lexicon_that_ships_knows_all_it_names() -> None:
    book = lexicon()
    wider = {name for one in book.classes.values() for name in one.kind_of}
    wider |= {name for entry in book.entries.values() for name in entry.classes}
    assert wider - set(book.classes) == set()
    titles = {name: book.title(name, "en") for name in (*book.classes, *book.entries)}
    assert [name for name, title in titles.items() if not title.strip()] == []
