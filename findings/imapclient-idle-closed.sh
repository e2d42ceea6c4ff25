#!/bin/sh
# IMAPClient 4.1.0: idle_check() answers [] at once where the server has closed the connection, as if all were quiet.
#
# RFC 9051 section 5.4 lets a server close a connection that idles. idle_check(timeout=5) then returns an empty list
# without waiting, again and again: a loop that waits for new mail runs hot and never learns that it is deaf. What
# tells is the time: an empty answer well before the timeout. idle_done() raises.
# Seen: "[] [] [] at once; idle_done raises IMAP4.abort"
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check imapclient==4.1.0
seen=$("$folder/env/bin/python" - <<'CODE'
import imaplib
import socket
import threading
import time

from imapclient import IMAPClient

server = socket.create_server(("127.0.0.1", 0))


def serve():
    connection, _ = server.accept()
    lines = connection.makefile("rb")
    connection.sendall(b"* OK [CAPABILITY IMAP4rev1 IDLE] hello\r\n")
    while line := lines.readline():
        tag, word = line.split()[:2]
        if word == b"IDLE":
            connection.sendall(b"+ idling\r\n")
            break
        if word == b"CAPABILITY":
            connection.sendall(b"* CAPABILITY IMAP4rev1 IDLE\r\n")
        connection.sendall(tag + b" OK [READ-WRITE] done\r\n")
    lines.close()
    connection.close()


threading.Thread(target=serve, daemon=True).start()
client = IMAPClient("127.0.0.1", server.getsockname()[1], ssl=False, timeout=20)
client.login("ada", "secret")
client.select_folder("INBOX")
client.idle()
time.sleep(1)
began = time.monotonic()
heard = [client.idle_check(timeout=5) for _ in range(3)]
pace = "at once" if time.monotonic() - began < 5 else "after its time"
try:
    client.idle_done()
    end = "does not raise"
except imaplib.IMAP4.abort:
    end = "raises IMAP4.abort"
print(*heard, f"{pace}; idle_done {end}")
CODE
)
echo "$seen"
[ "$seen" = "[] [] [] at once; idle_done raises IMAP4.abort" ] || { echo "changed" >&2; exit 1; }
