"""Servers that keep mailboxes and show them over IMAP: what each needs, and how it is set up."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import trustme
from imapclient import IMAPClient

from tests.servers import debian
from tests.servers.house import House, free_port

#: whose mailboxes there are, one for each test, and how they sign in
USERS, PASSWORD = tuple(f"bounces{number}" for number in range(60)), "Wieder da!"
#: who has a password in other letters than ASCII's
ABROAD, FOREIGN = "abroad", "schöne Grüße"
#: who vouches for the server's certificate, as it finds it
AUTHORITY = "/etc/mailbox/authority.pem"
_HOST = "mailbox.test"


@dataclass(frozen=True, slots=True)
class Ports:
    """Where a server listens on loopback."""

    imap: int
    imaps: int
    #: takes mail for the mailbox, where the server does
    lmtp: int


@dataclass(frozen=True, slots=True)
class Kind:
    """An IMAP server from Debian's packages."""

    name: str
    pins: tuple[str, ...]
    files: Callable[[Ports], dict[str, str]]
    #: a shell script that runs it in the foreground
    start: str


def _dovecot(ports: Ports) -> dict[str, str]:
    authority = trustme.CA()
    certificate = authority.issue_cert(_HOST, "127.0.0.1", "localhost")
    return {
        "/etc/mailbox/chain.pem": "".join(blob.bytes().decode() for blob in certificate.cert_chain_pems),
        "/etc/mailbox/key.pem": certificate.private_key_pem.bytes().decode(),
        AUTHORITY: authority.cert_pem.bytes().decode(),
        "/etc/dovecot/users": "".join(f"{user}:{{PLAIN}}{PASSWORD}\n" for user in USERS)
        + f"{ABROAD}:{{PLAIN}}{FOREIGN}\n",
        "/etc/dovecot/dovecot.conf": f"""
base_dir = /run/dovecot
log_path = /dev/stderr
listen = 127.0.0.1
protocols = imap lmtp
default_internal_user = vmail
default_internal_group = vmail
default_login_user = nobody
mail_location = maildir:/mail/%n
mail_uid = vmail
mail_gid = vmail
first_valid_uid = 100
ssl = yes
ssl_cert = </etc/mailbox/chain.pem
ssl_key = </etc/mailbox/key.pem
auth_verbose = yes
lmtp_save_to_detail_mailbox = no
recipient_delimiter = +
passdb {{
  driver = passwd-file
  args = username_format=%n /etc/dovecot/users
}}
userdb {{
  driver = static
  args = uid=vmail gid=vmail home=/mail/home/%n
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {ports.imap}
  }}
  inet_listener imaps {{
    port = {ports.imaps}
    ssl = yes
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    port = {ports.lmtp}
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
""",
    }


DOVECOT = Kind(
    "Dovecot",
    (
        "dovecot-core=1:2.3.19.1+dfsg1-2.1+deb12u7",
        "dovecot-imapd=1:2.3.19.1+dfsg1-2.1+deb12u7",
        "dovecot-lmtpd=1:2.3.19.1+dfsg1-2.1+deb12u7",
        "libapparmor1=3.0.8-3",
        "libexttextcat-2.0-0=3.4.5-1",
        "libicu72=72.1-3+deb12u1",
        "liblua5.4-0=5.4.4-3+deb12u1",
        "libsodium23=1.0.18-1+deb12u1",
        "libstemmer0d=2.2.0-2",
        "libtirpc3=1.3.3+ds-1",
        "libunwind8=1.6.2-3",
        "libwrap0=7.6.q-32",
    ),
    _dovecot,
    "mkdir -p /run/dovecot /var/lib/dovecot\nexec /usr/sbin/dovecot -F -c /etc/dovecot/dovecot.conf\n",
)


def _courier(ports: Ports) -> dict[str, str]:
    return {
        "/etc/courier/house": f"ADDRESS=127.0.0.1\nPORT={ports.imap}\nMAXDAEMONS=100\nMAXPERIP=100\n",
        "/etc/courier/secret": PASSWORD + "\n",
    }


COURIER = Kind(
    "Courier",
    (
        "courier-imap=5.0.13+1.0.16-3+b6",
        "courier-base=1.0.16-3+b6",
        "courier-authlib=0.71.4-1+b2",
        "courier-authdaemon=0.71.4-1+b2",
        "courier-authlib-userdb=0.71.4-1+b2",
        "libcourier-unicode4=2.1.2-2+b2",
        "gamin=0.1.10-6",
        "libgamin0=0.1.10-6",
        "libglib2.0-0=2.74.6-2+deb12u9",
        "libgdbm6=1.23-3",
        "libidn12=1.41-1",
    ),
    _courier,
    f"""
cd /etc/courier
[ -e /usr/bin/makedat ] || ln -s /usr/lib/courier/makedat /usr/bin/makedat
cat house >> imapd
sed -i 's/^authmodulelist=.*/authmodulelist="authuserdb"/' authdaemonrc
mkdir -p /run/courier/authdaemon imapaccess
chown -R courier:courier /run/courier
secret=$(userdbpw -md5 < secret)
for user in {" ".join(USERS)}; do
  printf '%s\tuid=4000|gid=4000|home=/mail/%s|mail=/mail/%s|systempw=%s\n' $user $user $user "$secret"
  mkdir -p /mail/$user/tmp /mail/$user/new /mail/$user/cur
done > userdb
chown -R vmail:vmail /mail
chmod 700 userdb
makeuserdb
authdaemond start
set -a
. ./imapd
exec couriertcpd -address=$ADDRESS -nodnslookup -noidentlookup -maxprocs=$MAXDAEMONS -maxperip=$MAXPERIP $PORT \
  /usr/lib/courier/courier/imaplogin /usr/bin/imapd Maildir
""",
)


def _cyrus(ports: Ports) -> dict[str, str]:
    return {
        "/etc/imapd.conf": """
configdirectory: /var/lib/cyrus
proc_path: /run/cyrus/proc
mboxname_lockpath: /run/cyrus/lock
defaultpartition: default
partition-default: /mail/cyrus
servername: mailbox.test
allowplaintext: yes
autocreate_quota: 0
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_mech_list: PLAIN LOGIN
idlesocket: /run/cyrus/socket/idle
notifysocket: /run/cyrus/socket/notify
""",
        "/etc/cyrus.conf": f"""
START {{
  recover cmd="/usr/sbin/cyrus ctl_cyrusdb -r"
}}
SERVICES {{
  imap cmd="imapd -U 30" listen="127.0.0.1:{ports.imap}" prefork=0 maxchild=100
}}
DAEMON {{
  idled cmd="idled"
}}
EVENTS {{
}}
""",
        "/etc/secret": PASSWORD,
    }


CYRUS = Kind(
    "Cyrus",
    (
        "cyrus-imapd=3.6.1-4+deb12u5",
        "cyrus-common=3.6.1-4+deb12u5",
        "libclamav12=1.4.6+dfsg-0+deb12u1",
        "libcom-err2=1.47.0-2+b2",
        "libdb5.3=5.3.28+dfsg2-1",
        "libical3=3.0.16-1+b1",
        "libicu72=72.1-3+deb12u1",
        "libjansson4=2.14-2",
        "libldap-2.5-0=2.5.13+dfsg-5",
        "libpcre3=2:8.39-15",
        "libpq5=15.20-0+deb12u1",
        "libsasl2-2=2.1.28+dfsg-10+deb12u1",
        "libsasl2-modules=2.1.28+dfsg-10+deb12u1",
        "libsasl2-modules-db=2.1.28+dfsg-10+deb12u1",
        "sasl2-bin=2.1.28+dfsg-10+deb12u1",
        "libwrap0=7.6.q-32",
        "libxapian30=1.4.22-1",
        "libxml2=2.9.14+dfsg-1.3~deb12u6",
    ),
    _cyrus,
    f"""
mkdir -p /var/lib/cyrus /mail/cyrus /run/cyrus/proc /run/cyrus/lock /run/cyrus/socket
for part in db proc log msg ptclient quota sieve socket user lock; do mkdir -p /var/lib/cyrus/$part; done
for user in {" ".join(USERS)}; do saslpasswd2 -c -p -u mailbox.test $user < /etc/secret; done
chown -R cyrus:mail /var/lib/cyrus /mail/cyrus /run/cyrus /etc/sasldb2
exec /usr/sbin/cyrmaster -D
""",
)

NAMED: Mapping[str, Kind] = {kind.name: kind for kind in (DOVECOT, CYRUS, COURIER)}


@dataclass
class MailboxServer(House):
    """A context manager: an IMAP server with a mailbox for each of USERS."""

    kind: str = ""
    ports: Ports = Ports(0, 0, 0)
    _taken: int = 0

    @property
    def authority(self) -> Path:
        """A PEM file that vouches for it."""
        return self.folder / "files" / AUTHORITY.lstrip("/")

    def box(self) -> "Box":
        """An empty mailbox that nobody else uses."""
        self._taken += 1
        return Box(self, USERS[self._taken - 1])


@dataclass(frozen=True, slots=True)
class Box:
    """One mailbox, as its owner's mail program and the mail server see it."""

    server: MailboxServer
    user: str

    @contextmanager
    def opened(self) -> Iterator[IMAPClient]:
        """Signed in, as a mail program is."""
        client = IMAPClient("127.0.0.1", self.server.ports.imap, ssl=False, timeout=60)
        client.login(self.user, PASSWORD)
        try:
            yield client
        finally:
            client.logout()

    def put(self, *messages: bytes, folder: str = "INBOX") -> None:
        """Lay *messages* into a folder, in their order; it is made unless it is there."""
        with self.opened() as client:
            if folder != "INBOX" and not client.folder_exists(folder):
                client.create_folder(folder)
            for message in messages:
                client.append(folder, message)

    def holds(self, folder: str = "INBOX") -> dict[str, tuple[str, ...]]:
        """The subject of each message in *folder* → its flags, less \\Recent."""
        with self.opened() as client:
            client.select_folder(folder, readonly=True)
            numbers = client.search("ALL")
            found = client.fetch(numbers, ["FLAGS", "ENVELOPE"]) if numbers else {}
        return {
            found[number][b"ENVELOPE"].subject.decode(): tuple(
                sorted(flag.decode() for flag in found[number][b"FLAGS"] if flag != rb"\Recent")
            )
            for number in sorted(found)
        }

    def folders(self) -> list[str]:
        """What folders there are."""
        with self.opened() as client:
            return sorted(name for _, _, name in client.list_folders())


def server(kind: Kind, folder: Path) -> MailboxServer:
    """*kind* in a house of its own in *folder*; raises Missing."""
    ports = Ports(free_port(), free_port(), free_port())
    return MailboxServer(
        folder,
        ports.imap,
        packages=debian.unpacked(kind.pins),
        start=kind.start,
        people=USERS,
        files=kind.files(ports),
        kind=kind.name,
        ports=ports,
    )
