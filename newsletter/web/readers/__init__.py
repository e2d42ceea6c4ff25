"""What readers see: joining, choosing, leaving, reading. A GET changes nothing, for scanners follow links."""

#: how the addresses of readers' pages begin
PREFIXES = ("/u/", "/p/", "/e/", "/c/", "/l/", "/o/", "/a/", "/join", "/archive")
