#!/bin/sh
# feedparser 6.0.14: of two alternate links of an Atom entry, entry.link is the last.
#
# RFC 4287 section 4.1.2 allows several alternates that differ by type or hreflang, and publishers put their own
# first: gofeed 1.4.2, feed-rs 3.0.0, rss-parser 3.13.0 and ROME 2.1.0 give the first. entry.links has both in order.
# Seen: "https://site.example/de"
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check feedparser==6.0.14
cat > "$folder/feed.xml" <<'FEED'
<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title><id>urn:f</id><updated>2021-11-26T09:00:00Z</updated>
<author><name>Ann</name></author>
<entry><title>x</title><id>urn:e</id><updated>2021-11-26T09:00:00Z</updated>
<link rel="alternate" type="text/html" hreflang="en" href="https://site.example/en"/>
<link rel="alternate" type="text/html" hreflang="de" href="https://site.example/de"/></entry></feed>
FEED
seen=$("$folder/env/bin/python" - "$folder/feed.xml" <<'CODE'
import sys

import feedparser

entry = feedparser.parse(sys.argv[1]).entries[0]
print(entry.link)
CODE
)
echo "$seen"
[ "$seen" = "https://site.example/de" ] || { echo "changed: was https://site.example/de" >&2; exit 1; }
