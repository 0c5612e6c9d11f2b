"""Every list comes in pages: each thing once, in order, with a cursor that nobody can make up."""

from __future__ import annotations

import pytest

from tests.api.house import Caller, House, wrong


def walked(caller: Caller, path: str) -> list[object]:
    found: list[object] = []
    query = "?limit=1"
    for _ in range(50):
        answer = caller.get(f"{path}{query}").json()
        assert len(answer["items"]) <= 1
        found += answer["items"]
        if answer["next"] is None:
            return found
        query = f"?limit=1&cursor={answer['next']}"
    raise AssertionError("the list never ends")


@pytest.mark.parametrize("path", ["/v1/keys", "/v1/protocols"])
def test_a_list_page_by_page_is_the_whole_list(house: House, path: str) -> None:
    ada = house.person("Ada")
    whole = ada.get(path).json()["items"]
    assert len(whole) > 1
    assert walked(ada, path) == whole


def test_so_are_the_products_of_a_procedure(ana: Caller) -> None:
    procedure = ana.book()
    for text in ("Differin gel", "glycolic acid", "Sunscreen"):
        ana.post(f"{procedure}/products", {"text": text, "kind": "skincare"})
    whole = ana.get(f"{procedure}/products").json()["items"]
    assert len(whole) == 3
    assert walked(ana, f"{procedure}/products") == whole


@pytest.mark.parametrize("path", ["/v1/keys", "/v1/protocols", "/v1/webhooks", "/v1/audit", "/v1/worklist"])
def test_no_page_is_empty_or_endless_and_no_cursor_is_made_up(house: House, path: str) -> None:
    ada = house.person("Ada")
    for limit in (0, 201):
        assert wrong(ada.get(f"{path}?limit={limit}")).keys() == {"/limit"}
    refused = ada.get(f"{path}?cursor=made-up")
    assert (refused.status_code, refused.json()["type"]) == (400, "/v1/problems/bad-request")
    assert refused.json()["detail"].startswith("Send the cursor as next of the page before has it")
