#!/usr/bin/env bash
# flufl.bounce 6.0.0 finds nobody in dma's reports of failure, and takes Exim's warning of a delay for a failure.
#
# dma (the DragonFly Mail Agent, in Debian) writes its reports without MIME, with the address in "There was an error
# delivering your mail to <…>" and the server's answer below it: scan_message and all_failures return nothing.
# Exim's warning to senders of ordinary mail ("delayed 24 hours … no action is required on your part") has no
# delivery status either: its address is reported as a permanent failure, which Mailman counts as a bounce.
# Seen with flufl.bounce 6.0.0, Python 3.11; the two mails are written after dma 0.13's and Exim 4.96's.
#
# Needs python3; fails if flufl.bounce behaves otherwise.
set -euo pipefail
place=$(mktemp -d); trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/env"
"$place/env/bin/pip" --quiet --disable-pip-version-check install flufl.bounce==6.0.0 atpublic==9.0.0
"$place/env/bin/python" - <<'PY'
import sys
from email import message_from_string

from flufl.bounce import all_failures

DMA = """\
From: MAILER-DAEMON <>
To: bounces@news.example.com
Subject: Mail delivery failed
Message-Id: <9f89b4@mx.example.test>

This is the DragonFly Mail Agent v0.13 at mx.example.test.

There was an error delivering your mail to <ada@example.net>.

mx.example.net [192.0.2.33] did not like our RCPT TO:
550 5.1.1 <ada@example.net>: no such user here

Message headers follow.

From: The Friday Five <friday@news.example.com>
To: ada@example.net
"""
EXIM = """\
From: Mail Delivery System <Mailer-Daemon@exim.example.org>
To: bounces@news.example.com
Subject: Warning: message 1xX2aR-0003A7-14 delayed 24 hours
Auto-Submitted: auto-replied

This message was created automatically by mail delivery software.
A message that you sent has not yet been delivered to one or more of its
recipients after more than 24 hours on the queue on exim.example.org.

The address to which the message has not yet been delivered is:

  ada@example.net
    Delay reason: SMTP error from remote mail server after RCPT TO:<ada@example.net>:
    452 4.2.2 mailbox is full

No action is required on your part. Delivery attempts will continue for
some time, and this warning may be repeated at intervals if the message
remains undelivered.
"""
found = {name: all_failures(message_from_string(text)) for name, text in (("dma", DMA), ("exim", EXIM))}
for name, (temporary, permanent) in found.items():
    print(f"{name}: temporary {sorted(temporary)}, permanent {sorted(permanent)}")
nobody, ada = frozenset(), frozenset({b"ada@example.net"})
sys.exit(0 if found == {"dma": (nobody, nobody), "exim": (nobody, ada)} else "flufl.bounce behaves otherwise now")
PY
