"""Roundcube: PHP's own web server on loopback, looked at in Chromium."""

import shutil
import socket
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.rendering.camera import chromium
from tests.rendering.programs import post
from tests.rendering.programs.desk import HEIGHT, WIDTH, Desk

NEEDS = ("php", "dovecot", "chromium")

_CONFIGURATION = """<?php
$config['db_dsnw'] = 'sqlite:///{folder}/roundcube.db?mode=0600';
$config['imap_host'] = '127.0.0.1:{port}';
$config['smtp_host'] = '127.0.0.1:25';
$config['des_key'] = 'twenty-four-characters!!';
$config['temp_dir'] = '{folder}';
$config['log_dir'] = '{folder}';
$config['plugins'] = [];
$config['skin'] = 'elastic';
$config['show_images'] = {images};
$config['dark_mode_support'] = true;
$config['language'] = 'en_US';
$config['useragent'] = 'Roundcube';
"""


def show(desk: Desk, message: Path, *, dark: bool, pictures: bool, file: Path) -> None:
    """Write a picture of *message* to *file*."""
    port = post.office(desk, message)
    folder = desk.home / "roundcube"
    folder.mkdir()
    (folder / "config.inc.php").write_text(
        _CONFIGURATION.format(folder=folder, port=port, images=2 if pictures else 0), "utf-8"
    )
    for file_of_debian in ("defaults.inc.php", "mimetypes.php"):
        shutil.copy(Path("/etc/roundcube") / file_of_debian, folder)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        web: int = free.getsockname()[1]
    root = "/var/lib/roundcube/public_html"
    desk.start(
        "php", "-S", f"127.0.0.1:{web}", "-t", root, ROUNDCUBE_CONFIG_DIR=str(folder), PHP_CLI_SERVER_WORKERS="4"
    )
    address = f"http://127.0.0.1:{web}/"
    _wait(address)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="dark" if dark else "light")
        page.goto(address)
        page.fill("input[name=_user]", post.USER)
        page.fill("input[name=_pass]", post.PASSWORD)
        page.click("button[type=submit], #rcmloginsubmit")
        page.wait_for_url("**_task=mail**")
        page.goto(f"{address}?_task=mail&_mbox=INBOX&_uid=1&_action=show")
        page.wait_for_load_state("networkidle")
        page.screenshot(path=file)
        browser.close()


def _wait(address: str) -> None:
    for _ in range(100):
        try:
            urllib.request.urlopen(address, timeout=10).close()
            return
        except OSError:
            time.sleep(0.2)
