#!/bin/sh
# feedparser 6.0.14: a picture's caption takes the place of an item's description.
#
# In RSS with Media RSS, a <media:description> inside <media:content> that stands before the item's own
# <description> becomes entry.summary, and the description is found among entry.content. The other way round, the
# summary is right, and the caption is among the contents. Media RSS gives <media:description> to the media object.
# Seen: summary "A ship at dawn", content "The harbour opened."
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check feedparser==6.0.14
cat > "$folder/feed.xml" <<'FEED'
<rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/"><channel><title>t</title>
<link>https://site.example/</link><description>d</description>
<item><title>Harbour opens</title><link>https://site.example/a</link>
<media:content url="https://site.example/p.jpg" medium="image"><media:description>A ship at dawn</media:description>
</media:content><description>The harbour opened.</description></item></channel></rss>
FEED
seen=$("$folder/env/bin/python" - "$folder/feed.xml" <<'CODE'
import sys

import feedparser

entry = feedparser.parse(sys.argv[1]).entries[0]
print(entry.summary, "|", entry.content[0].value)
CODE
)
echo "$seen"
[ "$seen" = "A ship at dawn | The harbour opened." ] || { echo "changed: was A ship at dawn | The harbour opened." >&2; exit 1; }
