"""What can go wrong with people and lists; each message is a sentence for a person."""


class SubscribersError(Exception):
    """Something a person can mend."""


class BadAddress(SubscribersError):
    """Not an address that mail can be sent to."""


class BadDetail(SubscribersError):
    """A name, language, time zone or list name that can't be kept as it is."""


class BadFile(SubscribersError):
    """A file of subscribers that can't be read at all."""


class NoSuchSubscriber(SubscribersError):
    """Nobody here has that address or id."""


class NoSuchUpload(SubscribersError):
    """No file was brought under that number."""


class NoSuchList(SubscribersError):
    """There is no list of that name."""


class BadSegment(SubscribersError):
    """A filter over people that can't be understood."""


class NoSuchSegment(SubscribersError):
    """No segment was saved under that name."""
