#!/bin/sh
# feedparser 6.0.14: an Atom entry without an alternate link has its id as entry.link.
#
# An entry with content needs no alternate (RFC 4287 section 4.1.2). With rel=self alone entry.link is the entry's id,
# here a tag: URI, which leads nowhere; the self link is only among entry.links.
# Seen: "tag:site.example,2021:1"
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check feedparser==6.0.14
cat > "$folder/feed.xml" <<'FEED'
<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title><id>urn:f</id><updated>2021-11-26T09:00:00Z</updated>
<author><name>Ann</name></author>
<entry><title>x</title><id>tag:site.example,2021:1</id><updated>2021-11-26T09:00:00Z</updated>
<link rel="self" href="https://site.example/a.xml"/><content>words</content></entry></feed>
FEED
seen=$("$folder/env/bin/python" - "$folder/feed.xml" <<'CODE'
import sys

import feedparser

entry = feedparser.parse(sys.argv[1]).entries[0]
print(entry.link)
CODE
)
echo "$seen"
[ "$seen" = "tag:site.example,2021:1" ] || { echo "changed: was tag:site.example,2021:1" >&2; exit 1; }
