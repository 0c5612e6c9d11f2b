"""Use the pages as a browser without scripts does: cookies, forms and redirects, one step at a time."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

if TYPE_CHECKING:
    import httpx

    from tests.api.house import House

MARK = re.compile(r'name="csrf" value="([0-9a-f]+)"')


class Browser:
    """One browser; every answer is what came back first, redirects are followed by ``follow`` only."""

    def __init__(self, house: House) -> None:
        """Begin without cookies."""
        self._house = house
        self.cookies: dict[str, str] = {}

    def send(self, method: str, path: str, **request: Any) -> httpx.Response:  # noqa: ANN401 - handed on to httpx
        """Send a request with the cookies, and keep those that come back."""
        headers = {"Accept": "text/html", **request.pop("headers", {})}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        answer = self._house.wait(self._house.client.request(method, path, headers=headers, **request))
        for told in answer.headers.get_list("set-cookie"):
            name, _, rest = told.partition("=")
            value, _, attributes = rest.partition(";")
            if "max-age=0" in attributes.lower():
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value
        self._house.client.cookies.clear()
        return answer

    def get(self, path: str, **headers: str) -> httpx.Response:
        """Open an address."""
        return self.send("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    def post(self, path: str, fields: dict[str, Any], **headers: str) -> httpx.Response:
        """Send a form as it is given."""
        return self.send(
            "POST",
            path,
            content=urlencode(fields, doseq=True),
            headers={"Content-Type": "application/x-www-form-urlencoded"}
            | {name.replace("_", "-"): value for name, value in headers.items()},
        )

    def mark(self, page: str) -> str:
        """Give the mark of the forms on a page."""
        found = MARK.search(self.get(page).text)
        assert found is not None, page
        return found[1]

    def sign_in(self, person: str, target: str = "/staff/") -> httpx.Response:
        """Sign in with somebody's key."""
        page = "/staff/sign-in"
        fields = {"csrf": self.mark(page), "key": self._house.tokens[person], "next": target}
        answer = self.post(page, fields)
        assert answer.status_code == 303, answer.text
        return answer


def text_of(answer: httpx.Response) -> str:
    """Give what a page says, without its tags."""
    body = re.sub(r"<(script|style).*?</\1>", "", answer.text, flags=re.DOTALL)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", body)))
