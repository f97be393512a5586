"""The site in a real browser: upload, progress, steps, language, download, at a desk and on a phone."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from models.files import DATA

pytestmark = pytest.mark.browser
REQUIRED = os.environ.get("YUETAN_REQUIRE_SERVICES") == "1"
CHROMIUM = os.environ.get("YUETAN_CHROMIUM") or shutil.which("chromium") or ""
try:
    from playwright.sync_api import Browser, Page, sync_playwright
except ImportError:
    if REQUIRED:
        raise
    pytest.skip("playwright is not installed (requirements/e2e.lock)", allow_module_level=True)
if not CHROMIUM:
    if REQUIRED:
        raise RuntimeError("Chromium is missing")
    pytest.skip("no Chromium on this machine", allow_module_level=True)

SIZES = {"desk": (1280, 900), "phone": (390, 844)}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = tmp_path_factory.mktemp("site")
    env = os.environ | {"YUETAN_DATA_DIR": str(folder), "YUETAN_PORT": str(port), "YUETAN_LANG": "zh"}
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [str(Path(sys.executable).with_name("yuetan")), "serve"], env=env, stdout=log, stderr=log
        )
        address = f"http://127.0.0.1:{port}"
        for _ in range(150):
            try:
                urllib.request.urlopen(f"{address}/api/v1/ready", timeout=2)
                break
            except OSError:
                time.sleep(0.2)
        else:
            server.kill()
            raise RuntimeError((folder / "log").read_text(errors="replace"))
        yield address
        server.terminate()
        server.wait(30)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as driver:
        flags = [
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ]
        made = driver.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield made
        made.close()


@pytest.fixture(params=list(SIZES))
def page(request: pytest.FixtureRequest, browser: Browser, site: str) -> Iterator[Page]:
    width, height = SIZES[request.param]
    context = browser.new_context(viewport={"width": width, "height": height}, locale="zh-CN")
    made = context.new_page()
    trouble: list[str] = []
    made.on("console", lambda m: trouble.append(m.text) if m.type in ("error", "warning") else None)
    made.on("pageerror", lambda e: trouble.append(str(e)))
    made.on(
        "request", lambda r: None if r.url.startswith((site, "data:", "blob:")) else trouble.append(f"outside: {r.url}")
    )
    yield made
    context.close()
    assert not trouble


def fits(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_from_file_to_steps_and_report(page: Page, site: str, tmp_path: Path) -> None:
    page.goto(site)
    fits(page)
    page.set_input_files("#file", DATA / "example" / "foshan.xlsx")
    page.get_by_role("button", name="上传并计算").click()
    page.wait_for_url("**/assessments/**", timeout=60_000)
    fits(page)
    assert page.locator("#chart svg").is_visible()
    assert page.locator("#projection-table tbody tr").count() == 9
    assert page.locator("#findings tbody tr").count() >= 1
    page.locator("button.unfold").first.click()
    steps = page.locator("tr.steps:not([hidden])").first
    steps.get_by_text("CBAM 费用").first.wait_for()
    assert steps.locator(".reads-table tbody tr").count() >= 8
    fits(page)
    page.locator("button.unfold").first.click()
    assert page.locator("tr.steps:not([hidden])").count() == 0
    with page.expect_download() as download:
        page.get_by_role("link", name="下载 Excel 报告").click()
    saved = tmp_path / "report.xlsx"
    download.value.save_as(saved)
    assert saved.read_bytes()[:2] == b"PK"
    page.get_by_role("link", name="English").click()
    page.get_by_text("CBAM cost of these goods").wait_for()
    assert page.locator("html").get_attribute("lang") == "en"
    fits(page)


def test_the_example_runs_by_one_click(page: Page, site: str) -> None:
    page.goto(f"{site}/?lang=zh")
    page.get_by_role("button", name="直接运行示例").click()
    page.wait_for_url("**/assessments/**", timeout=60_000)
    assert "EUR" in page.locator(".figure.main").inner_text()


def test_a_broken_file_is_explained(page: Page, site: str, tmp_path: Path) -> None:
    broken = tmp_path / "broken.xlsx"
    broken.write_bytes(b"PK\x03\x04 not a workbook")
    page.goto(f"{site}/?lang=zh")
    page.set_input_files("#file", broken)
    page.get_by_role("button", name="上传并计算").click()
    page.get_by_role("heading", name="未能完成").wait_for(timeout=60_000)
    fits(page)


def test_law_can_be_looked_up(page: Page, site: str) -> None:
    page.goto(f"{site}/law?key=eu.cbam.cbam_factor&on=2027-06-01&lang=zh")
    assert page.locator(".big").inner_text().startswith("0.95")
    fits(page)


def test_one_good_is_decided_on_one_page(page: Page, site: str) -> None:
    page.goto(f"{site}/decisions?lang=zh")
    fits(page)
    page.get_by_role("link", name="用示例填写").click()
    page.get_by_role("heading", name="值得核查").wait_for()
    assert page.locator("#years-chart svg path").count() >= 4
    assert page.locator("#years-table tbody tr").count() == 9
    assert page.locator("#grid table").count() == 2
    fits(page)
    page.get_by_text("修改条件").click()
    page.locator("input[name=verification]").fill("90,000,000")
    page.get_by_role("button", name="计算").click()
    page.get_by_role("heading", name="目前不划算").wait_for()
    page.get_by_role("link", name="English").click()
    page.get_by_role("heading", name="Not yet").wait_for()
    fits(page)
