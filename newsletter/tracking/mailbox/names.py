"""How folders are called on an IMAP server: some keep all of them below INBOX, and they part levels differently."""

from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError


def find(client: IMAPClient, wanted: str) -> str:
    """*wanted* as the server calls it: "Junk/Old" is INBOX.Junk.Old where everything lies below INBOX."""
    if wanted.upper() == "INBOX":
        return "INBOX"
    if _is_there(client, wanted):
        return wanted
    prefix, separator = _personal(client)
    name = wanted.replace("/", separator) if separator else wanted
    return name if not prefix or name.upper().startswith(prefix.upper()) else prefix + name


def make(client: IMAPClient, name: str) -> None:
    """The folder *name*, as the server calls it, made unless it is there; mail programs show it."""
    if _is_there(client, name):
        return
    try:
        client.create_folder(name)
    except IMAPClientAbortError:
        raise
    except IMAPClientError:
        if not _is_there(client, name):  # another process may have been faster
            raise
    client.subscribe_folder(name)


def _is_there(client: IMAPClient, name: str) -> bool:
    # a pattern's own letters would find others
    return not {"%", "*"} & set(name) and bool(client.folder_exists(name))


def _personal(client: IMAPClient) -> tuple[str, str]:
    """What stands before a folder's name, and between its levels."""
    if client.has_capability("NAMESPACE"):
        spaces = client.namespace().personal
        if spaces:
            prefix, separator = spaces[0]
            return str(prefix), str(separator or "")
    listed = client.list_folders("", "")
    separator = listed[0][1] if listed else None
    return "", separator.decode() if separator else "/"
