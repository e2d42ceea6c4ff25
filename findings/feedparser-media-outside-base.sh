#!/bin/sh
# feedparser 6.0.14: xml:base holds for an entry's link, but not for its pictures in Media RSS.
#
# A relative <link> of an Atom entry is resolved against xml:base; the url of <media:thumbnail> and <media:content>
# beside it stays as it was written, so whoever takes it as the link is taken gets no address.
# Seen: link "https://site.example/b/a", thumbnail "p.jpg", content "q.jpg"
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check feedparser==6.0.14
cat > "$folder/feed.xml" <<'FEED'
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:media="http://search.yahoo.com/mrss/"
xml:base="https://site.example/b/"><title>t</title><id>urn:f</id><updated>2021-11-26T09:00:00Z</updated>
<author><name>Ann</name></author>
<entry><title>x</title><id>urn:e</id><updated>2021-11-26T09:00:00Z</updated><link href="a"/>
<media:thumbnail url="p.jpg"/><media:content url="q.jpg" medium="image"/></entry></feed>
FEED
seen=$("$folder/env/bin/python" - "$folder/feed.xml" <<'CODE'
import sys

import feedparser

entry = feedparser.parse(sys.argv[1]).entries[0]
print(entry.link, entry.media_thumbnail[0]["url"], entry.media_content[0]["url"])
CODE
)
echo "$seen"
[ "$seen" = "https://site.example/b/a p.jpg q.jpg" ] || { echo "changed: was https://site.example/b/a p.jpg q.jpg" >&2; exit 1; }
