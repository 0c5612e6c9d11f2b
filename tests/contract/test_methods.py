"""HEAD and OPTIONS, the methods that an address knows, and where the links of the document lead."""

from __future__ import annotations

import re
from typing import Any

import pytest

from prep_tracker.api.documenting import HEADERS
from tests.api.contract import Operation, document, operations
from tests.api.house import House

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
LINKS = [
    (operation, status, name)
    for operation in operations()
    for status, answer in operation.told["responses"].items()
    for name in answer.get("links", {})
]


@SQLITE
def test_head_is_get_without_its_body(house: House) -> None:
    ana = house.person("Ana")
    procedure = ana.book()
    for path in ("/healthz", procedure, f"{procedure}/checklist", "/v1/worklist", "/v1/problems/stale", "/nowhere"):
        whole, bare = (ana.send(method, path, check=False) for method in ("GET", "HEAD"))
        assert (bare.status_code, bare.content) == (whole.status_code, b"")
        kept = {name for name in whole.headers if name != "x-request-id"}
        assert {name: bare.headers[name] for name in kept} == {name: whole.headers[name] for name in kept}
    current = ana.get(procedure).headers["etag"]
    assert ana.send("HEAD", procedure, headers={"If-None-Match": current}, check=False).status_code == 304
    assert house.stranger().send("HEAD", procedure, check=False).status_code == 401
    assert house.person("Ben").send("HEAD", procedure, check=False).status_code == 404
    rows = house.rows()
    assert ana.send("HEAD", f"{procedure}/marks", check=False).status_code == 405
    assert house.rows() == rows


@SQLITE
def test_a_refused_method_names_all_that_are_known(house: House) -> None:
    for path, methods in document()["paths"].items():
        known = {method.upper() for method in methods}
        address = next(o for o in operations() if o.path == path).at(slug="our-peel", name="our-peel")
        for method in {"OPTIONS", "TRACE", "PUT", "LINK"} - known:
            answer = house.stranger().send(method, address, check=False)
            assert answer.status_code == 405, (method, address)
            allowed = set(answer.headers["allow"].split(", "))
            assert allowed == known | ({"HEAD"} if "GET" in known else set()), (method, address)


@SQLITE
def test_what_is_nowhere_allows_nothing(house: House) -> None:
    answer = house.stranger().send("OPTIONS", "/nowhere", check=False)
    assert (answer.status_code, "allow" in answer.headers) == (404, False)


@pytest.mark.parametrize(("operation", "status", "name"), LINKS, ids=lambda one: getattr(one, "name", one))
def test_a_link_leads_to_an_operation_and_knows_its_address(operation: Operation, status: str, name: str) -> None:
    link = operation.told["responses"][status]["links"][name]
    [target] = [one for one in operations() if one.told["operationId"] == link["operationId"]]
    assert set(link["parameters"]) == {f"path.{one}" for one in re.findall(r"\{(\w+)\}", target.path)}
    example = operation.told["responses"][status]["content"]["application/json"]["example"]
    for said in link["parameters"].values():
        where, _, pointer = said.partition("#")
        if where == "$response.body":
            assert at(example, pointer) is not None
        else:
            assert where.removeprefix("$request.path.") in operation.path


def test_what_is_made_can_be_read_by_a_link() -> None:
    linked = {operation.told["operationId"] for operation, _, _ in LINKS}
    assert linked >= {"book", "add_patient", "add_product", "draft", "add_key", "mark", "expose"}


@SQLITE
def test_answers_have_the_headers_that_the_document_promises(house: House) -> None:
    ana = house.person("Ana")
    booked = ana.send("POST", "/v1/procedures", json={"protocol": "nowhere"})
    answers = [booked, ana.get("/v1/worklist"), house.stranger().get("/v1/worklist"), ana.get(ana.book())]
    for answer in answers:
        for name, told in HEADERS.items():
            for value in answer.headers.get_list(name):
                assert re.search(told["schema"]["pattern"], value), (name, value)


def at(document: Any, pointer: str) -> Any:  # noqa: ANN401 - any JSON
    """Give what stands at a JSON pointer."""
    for part in pointer.strip("/").split("/"):
        document = document[int(part)] if isinstance(document, list) else document[part]
    return document
