"""The pages' files, and the ways to them."""

from collections import Counter
from urllib.parse import urljoin

import httpx
import pytest

from newsletter.web.ground import HERE


def test_no_two_pages_have_one_name() -> None:
    # they are found by name alone, in whichever room
    names = Counter(page.name for folder in HERE.rglob("pages") for page in folder.glob("*.html"))
    assert [name for name, times in names.items() if times > 1] == []


@pytest.mark.parametrize(
    ("path", "leads_to"),
    [
        ("/api", "/api/"),
        ("/api?a=1", "/api/?a=1"),
        ("/ops/webhooks/", "/ops/webhooks"),
        ("/desk/sign-in/?next=%2Fops", "/desk/sign-in?next=%2Fops"),
    ],
)
def test_a_slash_too_many_leads_to_no_host_that_a_request_names(site: httpx.Client, path: str, leads_to: str) -> None:
    answer = site.get(path, headers={"Host": "elsewhere.example"}, follow_redirects=False)
    ours = "https://news.example.com/behind"
    assert (answer.status_code, urljoin(f"{ours}{path}", answer.headers["location"])) == (307, f"{ours}{leads_to}")
