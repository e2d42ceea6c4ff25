"""The mail servers that people run: what each needs, how it is set up, and where its mailboxes are.

Each takes mail for readers.test on one port of loopback, knows *people* and refuses everybody else, and keeps its
own defaults except where *met* says which limit is to be met on purpose.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import trustme

from tests.servers import debian
from tests.servers.house import House

DOMAIN = "readers.test"
#: who vouches for chasquid's certificate, as it finds it
AUTHORITY = "/etc/chasquid/authority.pem"
_HOST = f"mx.{DOMAIN}"
#: writes a message into the mailbox named, for servers that hand over to a program
_DELIVER = '#!/bin/sh\numask 0\nmkdir -p "/mail/$1"\nexec cat > "/mail/$1/$(date +%s%N).$$"\n'


@dataclass(frozen=True, slots=True)
class Kind:
    """A mail server from Debian's packages."""

    name: str
    #: its own package first, then what it needs
    pins: tuple[str, ...]
    #: people and port → path and content of its files
    files: Callable[[Sequence[str], int, Mapping[str, str]], dict[str, str]]
    #: a shell script that runs it in the foreground
    start: str
    #: the limit that is met on purpose, in words, and the settings for it
    met: str
    tight: Mapping[str, str] = field(default_factory=dict)


def version(kind: Kind) -> str:
    """The upstream version of its own package."""
    return debian.version(kind.pins)


def stored(mail: Path) -> Counter[str]:
    """How many messages lie in each mailbox under *mail*."""
    return Counter(
        path.relative_to(mail).parts[0] for path in mail.rglob("*") if path.is_file() and path.parent.name != "tmp"
    )


def _postfix(people: Sequence[str], port: int, extra: Mapping[str, str]) -> dict[str, str]:
    settings = {
        "compatibility_level": "3.6",
        "queue_directory": "/var/spool/postfix",
        "command_directory": "/usr/sbin",
        "daemon_directory": "/usr/lib/postfix/sbin",
        "shlib_directory": "/usr/lib/postfix",
        "data_directory": "/var/lib/postfix",
        "mail_owner": "postfix",
        "setgid_group": "postdrop",
        "maillog_file": "/dev/stdout",
        "myhostname": _HOST,
        "mydestination": "",
        "alias_maps": "",
        "inet_interfaces": "127.0.0.1",
        "inet_protocols": "ipv4",
        "virtual_mailbox_domains": DOMAIN,
        "virtual_mailbox_base": "/mail",
        "virtual_mailbox_maps": "texthash:/etc/postfix/people",
        "virtual_uid_maps": "static:4000",
        "virtual_gid_maps": "static:4000",
        **extra,
    }
    services = f"""
127.0.0.1:{port} inet n - n - - smtpd
postlog unix-dgram n - n - 1 postlogd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
tlsmgr unix - - n 1000? 1 tlsmgr
error unix - - n - - error
retry unix - - n - - error
smtp unix - - n - - smtp
lmtp unix - - n - - lmtp
"""
    return {
        "/etc/postfix/main.cf": "".join(f"{name} = {value}\n" for name, value in settings.items()),
        "/etc/postfix/master.cf": services.lstrip(),
        "/etc/postfix/people": "".join(f"{name}@{DOMAIN} {name}/\n" for name in people),
    }


POSTFIX = Kind(
    "Postfix",
    (
        "postfix=3.7.11-0+deb12u1",
        "libdb5.3=5.3.28+dfsg2-1",
        "libnsl2=1.3.0-2",
        "libicu72=72.1-3+deb12u1",
        "libsasl2-2=2.1.28+dfsg-10+deb12u1",
    ),
    _postfix,
    "mkdir -p /var/spool/postfix /var/lib/postfix; chown postfix /var/lib/postfix\n"
    "chgrp postdrop /usr/sbin/postqueue /usr/sbin/postdrop\nexec /usr/sbin/postfix start-fg\n",
    "hangs up after 6 errors without a delivery",
    {"smtpd_soft_error_limit": "3", "smtpd_hard_error_limit": "6"},
)


def _exim(people: Sequence[str], port: int, extra: Mapping[str, str]) -> dict[str, str]:
    more = "".join(f"{name} = {value}\n" for name, value in extra.items())
    return {
        "/etc/exim4/people": "".join(f"{name}: {name}\n" for name in people),
        "/etc/exim4/exim4.conf": f"""
primary_hostname = {_HOST}
daemon_smtp_ports = {port}
local_interfaces = 127.0.0.1
domainlist local_domains = {DOMAIN}
log_file_path = /var/log/exim4/%slog
tls_advertise_hosts =
host_lookup =
rfc1413_query_timeout = 0s
acl_smtp_rcpt = acl_check_rcpt
acl_smtp_data = accept
smtp_accept_queue_per_connection = 0
never_users = root
{more}
begin acl
acl_check_rcpt:
  require message = unknown user
    domains = +local_domains
  require verify = recipient
  accept
begin routers
readers:
  driver = accept
  domains = +local_domains
  local_parts = lsearch;/etc/exim4/people
  transport = maildir
begin transports
maildir:
  driver = appendfile
  directory = /mail/$local_part_data
  maildir_format
  create_directory
  user = vmail
  group = vmail
""",
    }


EXIM = Kind(
    "Exim",
    (
        "exim4-daemon-light=4.96-15+deb12u10",
        "exim4-base=4.96-15+deb12u10",
        "libdb5.3=5.3.28+dfsg2-1",
        "libnsl2=1.3.0-2",
        "libgnutls-dane0=3.7.9-2+deb12u7",
        "libunbound8=1.17.1-2+deb12u4",
        "libidn12=1.41-1",
    ),
    _exim,
    "mkdir -p /var/spool/exim4 /var/log/exim4\nchown -R Debian-exim:Debian-exim /var/spool/exim4 /var/log/exim4\n"
    "chmod u+s /usr/sbin/exim4\nexec /usr/sbin/exim4 -bdf -q30m\n",
    "takes 40 messages a connection, and two connections at once",
    {"smtp_accept_max_per_connection": "40", "smtp_accept_max": "2"},
)


def _opensmtpd(people: Sequence[str], port: int, extra: Mapping[str, str]) -> dict[str, str]:
    more = "".join(f"{name} {value}\n" for name, value in extra.items())
    return {
        "/etc/smtpd.conf": f"""
{more}
table people file:/etc/people
listen on 127.0.0.1 port {port} hostname {_HOST}
action keep maildir "/mail/%{{rcpt.user}}" virtual <people>
match from any for domain {DOMAIN} action keep
""",
        "/etc/people": "".join(f"{name}@{DOMAIN} vmail\n" for name in people),
    }


OPENSMTPD = Kind(
    "OpenSMTPD",
    ("opensmtpd=6.8.0p2-4+b4", "libdb5.3=5.3.28+dfsg2-1", "libevent-2.1-7=2.1.12-stable-8+deb12u1"),
    _opensmtpd,
    "mkdir -p /var/empty /var/spool/smtpd\nchmod 711 /var/spool/smtpd\nexec /usr/sbin/smtpd -d -f /etc/smtpd.conf\n",
    "takes 100 messages a connection, as by default",
)


def _sendmail(people: Sequence[str], port: int, extra: Mapping[str, str]) -> dict[str, str]:
    more = "".join(f"define(`{name}', `{value}')dnl\n" for name, value in extra.items())
    return {
        "/etc/mail/sendmail.mc": f"""
divert(-1)dnl
include(`/usr/share/sendmail/cf/m4/cf.m4')dnl
OSTYPE(`debian')dnl
DOMAIN(`debian-mta')dnl
undefine(`confHOST_STATUS_DIRECTORY')dnl
define(`confDOMAIN_NAME', `{_HOST}')dnl
define(`LOCAL_MAILER_PATH', `/etc/deliver.sh')dnl
define(`LOCAL_MAILER_ARGS', `deliver.sh $u')dnl
define(`LOCAL_MAILER_FLAGS', `SPn9')dnl
define(`ALIAS_FILE', `/etc/mail/aliases')dnl
define(`confTO_IDENT', `0')dnl
define(`confQUEUE_LA', `500')dnl
define(`confREFUSE_LA', `500')dnl
FEATURE(`no_default_msa')dnl
FEATURE(`use_cw_file')dnl
DAEMON_OPTIONS(`Family=inet, Name=MTA-v4, Port={port}, Addr=127.0.0.1')dnl
{more}
MAILER_DEFINITIONS
MAILER(`local')dnl
MAILER(`smtp')dnl
""",
        "/etc/mail/local-host-names": f"{DOMAIN}\n",
        "/etc/mail/aliases": "postmaster: root\n",
        "/etc/deliver.sh": _DELIVER,
    }


SENDMAIL = Kind(
    "sendmail",
    (
        "sendmail-bin=8.17.1.9-2+deb12u2",
        "sendmail-base=8.17.1.9-2+deb12u2",
        "sendmail-cf=8.17.1.9-2+deb12u2",
        "m4=1.4.19-3",
        "libdb5.3=5.3.28+dfsg2-1",
        "libnsl2=1.3.0-2",
        "libwrap0=7.6.q-32",
        "liblockfile1=1.17-1+b1",
        "libldap-2.5-0=2.5.13+dfsg-5",
        "libsasl2-2=2.1.28+dfsg-10+deb12u1",
    ),
    _sendmail,
    "mkdir -p /var/spool/mqueue /run/sendmail/mta /var/lib/sendmail\nchmod 700 /var/spool/mqueue\ncd /etc/mail\n"
    "m4 sendmail.mc > sendmail.cf\n/usr/libexec/sendmail/sendmail -bi\nexec /usr/libexec/sendmail/sendmail -bD -q30m\n",
    "two connections at once",
    {"confMAX_DAEMON_CHILDREN": "2"},
)


def _courier(people: Sequence[str], port: int, extra: Mapping[str, str]) -> dict[str, str]:
    more = "".join(f"{name}={value}\n" for name, value in extra.items())
    return {
        "/etc/courier/me": f"{_HOST}\n",
        "/etc/courier/locals": f"{DOMAIN}\nlocalhost\n",
        "/etc/courier/esmtpacceptmailfor": f"{DOMAIN}\n",
        "/etc/courier/defaultdomain": f"{DOMAIN}\n",
        "/etc/courier/aliases/system": "postmaster: vmail\n",
        "/etc/courier/house": f"PORT={port}\nADDRESS=127.0.0.1\nBOFHCHECKDNS=0\n{more}",
        "/etc/courier/delivery": 'DEFAULTDELIVERY="| /etc/deliver.sh \\$LOCAL"\n',
        "/etc/deliver.sh": _DELIVER,
    }


COURIER = Kind(
    "courier",
    (
        "courier-mta=1.0.16-3+b6",
        "courier-base=1.0.16-3+b6",
        "courier-authlib=0.71.4-1+b2",
        "courier-authdaemon=0.71.4-1+b2",
        "libcourier-unicode4=2.1.2-2+b2",
        "libpcre3=2:8.39-15",
        "libgamin0=0.1.10-6",
        "courier-authlib-userdb=0.71.4-1+b2",
        "libgdbm6=1.23-3",
        "libidn12=1.41-1",
    ),
    _courier,
    """
cd /etc/courier
ln -s /usr/lib/courier/makedat /usr/bin/makedat
cat house >> esmtpd
cat delivery >> courierd
mkdir -p /run/courier/authdaemon /var/lib/courier/msgs /var/lib/courier/msgq /var/lib/courier/tmp \
  /var/lib/courier/allfilters /var/lib/courier/filters /var/lib/courier/track /var/lib/courier/faxtmp
chown -R courier:courier /etc/courier /var/lib/courier /run/courier
for file in /usr/lib/courier/courier/submit /usr/lib/courier/courier/submitmkdir; do
  chown courier:courier $file; chmod 6755 $file
done

chmod 4755 /usr/lib/courier/courier/modules/local/courierdeliver
makealiases
makesmtpaccess
makeacceptmailfor
authdaemond start
(set -a; . /etc/courier/courierd; exec /usr/lib/courier/courier/courierd) &
sleep 1
esmtpd start
wait
""",
    "takes three connections at once",
    {"MAXPERIP": "3", "MAXPERC": "3"},
)


def _chasquid(people: Sequence[str], port: int, extra: Mapping[str, str]) -> dict[str, str]:
    more = "".join(f"{name}: {value}\n" for name, value in extra.items())
    authority = trustme.CA()
    certificate = authority.issue_cert(_HOST, "127.0.0.1")
    password = 'scrypt: { logN: 14 r: 8 p: 1 keyLen: 32 salt: "12345678" encrypted: "nobody logs in" }'
    return {
        "/etc/chasquid/chasquid.conf": f"""
hostname: "{_HOST}"
smtp_address: "127.0.0.1:{port}"
monitoring_address: ""
data_dir: "/var/lib/chasquid"
mail_delivery_agent_bin: "/etc/deliver.sh"
mail_delivery_agent_args: "%to_user%"
mail_log_path: "<stdout>"
{more}
""",
        f"/etc/chasquid/domains/{DOMAIN}/users": "".join(
            f'users: {{ key: "{name}" value: {{ {password} }} }}\n' for name in people
        ),
        f"/etc/chasquid/certs/{_HOST}/fullchain.pem": "".join(
            blob.bytes().decode() for blob in certificate.cert_chain_pems
        ),
        AUTHORITY: authority.cert_pem.bytes().decode(),
        f"/etc/chasquid/certs/{_HOST}/privkey.pem": certificate.private_key_pem.bytes().decode(),
        "/etc/deliver.sh": _DELIVER,
    }


CHASQUID = Kind(
    "chasquid",
    ("chasquid=1.11-2+b2",),
    _chasquid,
    "mkdir -p /var/lib/chasquid\nexec chasquid -v=0\n",
    "hangs up at the third unknown recipient, as by default",
)

NAMED = {kind.name: kind for kind in (POSTFIX, EXIM, OPENSMTPD, SENDMAIL, COURIER, CHASQUID)}


def house(
    kind: Kind, folder: Path, *, port: int, people: Sequence[str], names: str, more: Mapping[str, str] | None = None
) -> House:
    """*kind* in a house of its own in *folder*, with *more* settings; raises Missing."""
    return House(
        folder,
        port,
        packages=debian.unpacked(kind.pins),
        start=kind.start,
        people=people,
        names=names,
        files=kind.files(people, port, more or {}),
    )
