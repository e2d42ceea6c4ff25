#!/bin/sh
# IMAPClient 4.1.0: a connection that breaks during the login raises LoginError, as a wrong password does.
#
# A server that is restarted may close the connection between its greeting and its answer to LOGIN. The library's
# LoginError says "somebody has to look at the password"; that the connection broke stands in its __context__ alone.
# Seen: "LoginError, because of abort"
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check imapclient==4.1.0
seen=$("$folder/env/bin/python" - <<'CODE'
import socket
import threading

from imapclient import IMAPClient

server = socket.create_server(("127.0.0.1", 0))


def serve():
    connection, _ = server.accept()
    connection.sendall(b"* OK [CAPABILITY IMAP4rev1] hello\r\n")
    tag = connection.recv(1000).split()[0]
    connection.sendall(b"* CAPABILITY IMAP4rev1\r\n" + tag + b" OK done\r\n")
    connection.recv(1000)
    connection.close()


threading.Thread(target=serve, daemon=True).start()
client = IMAPClient("127.0.0.1", server.getsockname()[1], ssl=False, timeout=20)
try:
    client.login("ada", "secret")
except Exception as error:
    print(f"{type(error).__name__}, because of {type(error.__context__).__name__}")
CODE
)
echo "$seen"
[ "$seen" = "LoginError, because of abort" ] || { echo "changed: was LoginError, because of abort" >&2; exit 1; }
