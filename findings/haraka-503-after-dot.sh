#!/usr/bin/env bash
# Haraka 3.3.4 (npm) offers PIPELINING and answers 503 to a MAIL command that comes in one write with the final dot.
#
# RFC 2920 section 3.1 lets a client send MAIL in the group that carries the content of the last message, since
# EHLO's PIPELINING is all that it asks for. Seen with Haraka 3.3.4 on Node 20: the message is taken (250), and the
# next MAIL, which the client may not send later on the strength of any word in EHLO, gets "503 Bad sequence of
# commands - pipelined after end of DATA". The same MAIL after the dot's answer gets 250. A client that takes 5xx
# to MAIL or RCPT for a refusal of the recipient loses every second reader.
#
# Needs node, npm, python3; fails if Haraka behaves otherwise.
set -euo pipefail
place=$(mktemp -d); trap 'kill %1 2>/dev/null; rm -rf "$place"' EXIT
cd "$place"
npm init -y >/dev/null
npm install --no-audit --no-fund --ignore-scripts haraka@3.3.4 >/dev/null 2>&1
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
mkdir -p h/config
cp node_modules/haraka/config/connection.ini h/config/
printf 'listen=127.0.0.1:%s\n' "$port" > h/config/smtp.ini
printf 'rcpt_to.in_host_list\nqueue/discard\n' > h/config/plugins
echo readers.test > h/config/host_list
echo mx.readers.test > h/config/me
YES_REALLY_DO_DISCARD=1 node node_modules/haraka/bin/haraka -c h > log 2>&1 &
python3 - "$port" <<'PY'
import socket, sys, time

for _ in range(100):
    try:
        wire = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 5)
        break
    except OSError:
        time.sleep(0.2)
lines = wire.makefile("rb")


def answer():
    line = lines.readline().decode().rstrip()
    while line[3:4] == "-":
        line = lines.readline().decode().rstrip()
    print("S:", line)
    return line


def say(text):
    print("C:", text.replace("\r\n", "\\r\\n"))
    wire.sendall(text.encode() + b"\r\n")


mail = "MAIL FROM:<friday@news.example.com>"
answer(), say("EHLO client.test"), answer()
say(mail), answer(), say("RCPT TO:<ada@readers.test>"), answer(), say("DATA"), answer()
say(f"Subject: one\r\n\r\nhello\r\n.\r\n{mail}")
taken, grouped = answer(), answer()
say(mail)
after = answer()
ok = taken.startswith("250") and grouped.startswith("503") and after.startswith("250")
sys.exit(0 if ok else "Haraka behaves otherwise now")
PY
