"""The others on the same wire: postfix's smtp-source, smtplib, aiosmtplib and nodemailer, into postfix's smtp-sink."""

import asyncio
import importlib.util
import json
import os
import shutil
import smtplib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage

from benchmarks import _ground

#: seconds after which a peer is stopped
_PATIENCE = 600
_NODE = """
const nodemailer = require('nodemailer');
const [port, count, html] = JSON.parse(require('fs').readFileSync(0));
const pool = nodemailer.createTransport(
  {pool: true, host: '127.0.0.1', port, maxConnections: 10, maxMessages: Infinity, ignoreTLS: true});
const one = n => pool.sendMail({from: 'friday@news.example.com', to: `reader${n}@example.com`,
  subject: 'Five stories', text: 'Hello', html: html.replaceAll('TOKEN', `token${n}`)});
(async () => {
  const began = process.hrtime.bigint();
  for (let n = 0; n < count; n += 100)
    await Promise.all(Array.from({length: Math.min(100, count - n)}, (_, i) => one(n + i)));
  console.log(Number(process.hrtime.bigint() - began) / 1e9);
  pool.close();
})();
"""


class Missing(Exception):
    """The peer is not on this machine; the message says what to install."""


@contextmanager
def sink() -> Iterator[int]:
    """postfix's smtp-sink on a port of loopback; raises Missing."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    user = ["-u", "nobody"] if os.getuid() == 0 else []
    process = subprocess.Popen([_tool("smtp-sink"), *user, f"127.0.0.1:{port}", "128"])
    try:
        _wait_for(port)
        yield port
    finally:
        process.terminate()
        process.wait(10)


def smtp_source(port: int, count: int, size: int) -> float:
    """Messages in a second of smtp-source with 10 connections, kept open: the limit of the wire."""
    command = [_tool("smtp-source"), "-s", "10", "-d", "-l", str(size), "-m", str(count), f"inet:127.0.0.1:{port}"]
    began = time.perf_counter()
    subprocess.run(command, check=True, timeout=_PATIENCE)
    return count / (time.perf_counter() - began)


def with_smtplib(port: int, count: int, size: int) -> float:
    """Messages in a second of what most programs do: EmailMessage and smtplib, on one kept connection."""
    html = _html(size)
    began = time.perf_counter()
    with smtplib.SMTP("127.0.0.1", port) as server:
        for number in range(count):
            server.send_message(_message(html, number))
    return count / (time.perf_counter() - began)


def with_aiosmtplib(port: int, count: int, size: int) -> float:
    """Messages in a second of EmailMessage and aiosmtplib on ten kept connections."""
    if importlib.util.find_spec("aiosmtplib") is None:
        raise Missing("aiosmtplib is not installed here")
    return asyncio.run(_with_aiosmtplib(port, count, _html(size)))


async def _with_aiosmtplib(port: int, count: int, html: str) -> float:
    import aiosmtplib  # type: ignore[import-not-found, unused-ignore]

    numbers = iter(range(count))

    async def one_connection() -> None:
        async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port, use_tls=False, start_tls=False) as server:
            for number in numbers:
                await server.send_message(_message(html, number))

    began = time.perf_counter()
    await asyncio.gather(*(one_connection() for _ in range(10)))
    return count / (time.perf_counter() - began)


def with_nodemailer(port: int, count: int, size: int) -> float:
    """Messages in a second of nodemailer's pool of ten connections, composing each message."""
    node = shutil.which("node")
    if node is None:
        raise Missing("Node is not installed here")
    if subprocess.run([node, "-e", "require('nodemailer')"], capture_output=True).returncode:
        raise Missing("nodemailer is not installed here (npm install nodemailer, and NODE_PATH)")
    job = json.dumps([port, count, _html(size)])
    done = subprocess.run([node, "-e", _NODE], input=job, capture_output=True, text=True, check=True, timeout=_PATIENCE)
    return count / float(done.stdout)


def _html(size: int) -> str:
    """The same page as in our own message, as a template with one word to replace."""
    page = _ground.a_mould(1, size).html
    return page.replace("zqHTMLtokenqz", "TOKEN").replace("zqHTMLnameqz", "Reader")


def _message(html: str, number: int) -> EmailMessage:
    message = EmailMessage()
    message["From"] = "The Friday Five <friday@news.example.com>"
    message["To"] = f"Reader {number} <reader{number}@example.com>"
    message["Subject"] = "Five stories"
    message["Message-ID"] = f"<{number}@news.example.com>"
    message.set_content("Hello\n", cte="quoted-printable")
    message.add_alternative(html.replace("TOKEN", f"token{number}"), subtype="html", cte="quoted-printable")
    return message


def _tool(name: str) -> str:
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/libexec/postfix")
    if not found:
        raise Missing(f"{name} is not installed here (package postfix; only this tool is used)")
    return found


def _wait_for(port: int) -> None:
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("smtp-sink did not start")


@contextmanager
def lookalike() -> Iterator[str]:
    """The SendGrid look-alike in a process of its own; yields its address."""
    command = [sys.executable, "-m", "newsletter.testing.sendgrid"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        address: str = json.loads(process.stdout.readline())["url"]
        yield address
    finally:
        process.terminate()
        process.wait(10)
