#!/usr/bin/env bash
# chasquid 1.11 (Debian 12) offers PIPELINING and drops, without a word, what comes in one write with the final dot.
#
# RFC 2920 section 3.1 lets a client send MAIL and RCPT in the group that carries the content of the last message.
# Seen with chasquid 1.11-2+b2: the message is answered, and MAIL and RCPT that came with its dot are never answered;
# the connection lives, for a NOOP sent later is. Nothing in EHLO tells such a server from one that takes the group.
# A client that waits for the answers waits until its time-out, once for each message.
#
# Needs apt-get, dpkg-deb, openssl, python3; fails if chasquid behaves otherwise.
set -euo pipefail
place=$(mktemp -d); trap 'kill %1 2>/dev/null; rm -rf "$place"' EXIT
cd "$place"
apt-get -o APT::Sandbox::User=root -qq download chasquid=1.11-2+b2
dpkg-deb -x chasquid_*.deb .
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
mkdir -p etc/domains/readers.test etc/certs/mx.readers.test data
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=mx.readers.test \
  -keyout etc/certs/mx.readers.test/privkey.pem -out etc/certs/mx.readers.test/fullchain.pem 2>/dev/null
printf 'hostname: "mx.readers.test"\nsmtp_address: "127.0.0.1:%s"\nmonitoring_address: ""\ndata_dir: "%s/data"\nmail_delivery_agent_bin: "/bin/cat"\nmail_log_path: "<stderr>"\n' \
  "$port" "$place" > etc/chasquid.conf
echo 'users: { key: "ada" value: { scrypt: { logN: 14 r: 8 p: 1 keyLen: 32 salt: "12345678" encrypted: "nobody" } } }' \
  > etc/domains/readers.test/users
usr/bin/chasquid -config_dir "$place/etc" > log 2>&1 &
python3 - "$port" <<'PY'
import socket, sys, time

for _ in range(100):
    try:
        wire = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 5)
        break
    except OSError:
        time.sleep(0.2)
wire.settimeout(3)
rest = b""


def answer():
    global rest
    while True:
        while b"\n" not in rest:
            try:
                data = wire.recv(4096)
            except TimeoutError:
                print("S: (nothing for 3 seconds)")
                return ""
            if not data:
                print("S: (closed)")
                return "closed"
            rest += data
        line, _, rest = rest.partition(b"\n")
        if line[3:4] != b"-":
            print("S:", line.decode().rstrip())
            return line.decode()


def say(text):
    print("C:", text.replace("\r\n", "\\r\\n"))
    wire.sendall(text.encode() + b"\r\n")


answer(), say("EHLO client.test"), answer()
say("MAIL FROM:<friday@news.example.com>"), answer(), say("RCPT TO:<ada@readers.test>"), answer(), say("DATA"), answer()
say("Subject: one\r\n\r\nhello\r\n.\r\nMAIL FROM:<friday@news.example.com>\r\nRCPT TO:<ada@readers.test>")
taken, grouped = answer(), answer()
say("NOOP")
alive, more = answer(), answer()
ok = taken.startswith("250") and grouped == "" and alive.startswith("250") and more == ""
sys.exit(0 if ok else "chasquid behaves otherwise now")
PY
