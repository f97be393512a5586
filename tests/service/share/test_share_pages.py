"""The pages of shares, by the hands of three people, in both languages."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest

from service.clock import today
from tests.service.share.world import BANK, BUYER, MILL, STRANGER, World
from tests.service.test_pages import CHINESE, _check_safe

ORIGIN = {"origin": "http://127.0.0.1"}


def see(world: World, name: str, path: str) -> Any:
    return world.web.get(path, headers=world.head(name))


def send(world: World, name: str, path: str, **data: Any) -> Any:
    return world.web.post(path, data=data, headers=world.head(name) | ORIGIN, follow_redirects=False)


def test_shared_read_reviewed_and_revoked_by_hand(world: World) -> None:
    assessment = world.assessment()
    until = (today() + dt.timedelta(days=5)).isoformat()
    form = see(world, MILL, f"/shares/new?kind=assessment&subject={assessment}&lang=en")
    _check_safe(form.text)
    checked = re.findall(r'name="fields" value="([^"]+)" checked', form.text)
    assert "goods.see" in checked
    assert "cost_eur" not in checked
    given = {
        "kind": "assessment", "subject": assessment, "recipient": str(world.who[BUYER].organisation_id),
        "purpose": "审核", "until": until, "fields": ["firm", "goods.see", "goods.intensity", "cost_eur"],
    }  # fmt: skip
    made = send(world, MILL, "/shares", **given)
    assert made.status_code == 303, made.text
    own = made.headers["location"].partition("?")[0]
    share = own.rsplit("/", 1)[1]
    received = f"/shares/received/{share}"
    for lang in ("zh", "en"):
        for name, path in ((MILL, "/shares"), (MILL, own), (BUYER, "/shares"), (BUYER, received)):
            answer = see(world, name, f"{path}?lang={lang}")
            assert answer.status_code == 200, path
            _check_safe(answer.text)
            if lang == "en" and name == BUYER and path == "/shares":
                assert not CHINESE.search(
                    re.sub(r'<a class="lang".*?</a>|class="mark".*?</span>|审核|：', "", answer.text)
                )
    assert "75.36" in see(world, BUYER, received).text
    assert "1.0000" not in see(world, BUYER, received).text, "held"
    # Somebody else passes it.
    reviewer = world.colleague(MILL)
    listed = see(world, reviewer, "/shares").text
    review = re.findall(r'action="/shares/reviews/([0-9a-f-]{36})', listed)[0]
    bad = send(world, reviewer, f"/shares/reviews/{review}", decision="passed")
    assert (bad.status_code, 'role="alert"' in bad.text) == (422, True)
    passed = send(world, reviewer, f"/shares/reviews/{review}", decision="passed", doc_ref="A-1", valid_to=until)
    assert passed.status_code == 303
    assert "1.0000" in see(world, BUYER, received).text
    assert see(world, MILL, own).text.count("Share, on a page") + see(world, MILL, own).text.count("共享：网页") >= 3
    assert send(world, MILL, f"{own}/revoke").status_code == 303
    assert see(world, BUYER, received).status_code == 404
    assert share not in see(world, BUYER, "/shares").text
    assert see(world, STRANGER, own).status_code == 404


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"subject": "x"}, "记录编号"), ({"until": "yesterday"}, "截止日"), ({"until": "2026-01-01"}, "截止时间已过"),
        ({"recipient": "nobody"}, "没有该机构"), ({"purpose": ""}, "用途"), ({"fields": ["inputs"]}, "没有这个可共享的字段"),
    ],
)  # fmt: skip
def test_a_form_that_is_wrong_comes_back_with_what_was_typed(world: World, change: dict[str, Any], said: str) -> None:
    given = {
        "kind": "assessment", "subject": world.assessment(), "recipient": str(world.who[BANK].organisation_id),
        "purpose": "授信<b>", "until": (today() + dt.timedelta(days=5)).isoformat(),
    }  # fmt: skip
    answer = send(world, MILL, "/shares?lang=zh", **(given | change))
    assert answer.status_code == 422
    assert said in answer.text
    assert "授信<b>" not in answer.text
    if "purpose" not in change:
        assert "授信&lt;b&gt;" in answer.text
