#!/bin/sh
# rss-parser 3.13.0 (npm): the words of Atom's XHTML content come out in another order.
#
# RFC 4287 section 3.1.1.3: XHTML content may mark up words inside a sentence. The library builds an object of the
# elements and writes it out again: text first, then the elements that stood between, so a sentence is shuffled.
# Seen: contentSnippet "One three two" (spaces folded) of "One <b>two</b> three"
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes > npm.log
npm install --silent --no-audit --no-fund rss-parser@3.13.0 >> npm.log
cat > feed.xml <<'FEED'
<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title><id>urn:f</id><updated>2021-11-26T09:00:00Z</updated>
<author><name>Ann</name></author>
<entry><title>x</title><id>urn:e</id><updated>2021-11-26T09:00:00Z</updated><link href="https://site.example/a"/>
<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>One <b>two </b>three </p></div></content></entry></feed>
FEED
cat > look.js <<'CODE'
const Parser = require("rss-parser");
const feed = require("fs").readFileSync("feed.xml", "utf8");
new Parser().parseString(feed).then((read) => {
  console.log(read.items[0].contentSnippet.split(/\s+/).join(" ").trim());
});
CODE
seen=$(node look.js)
echo "$seen"
[ "$seen" = "One three two" ] || { echo "changed: was One three two" >&2; exit 1; }
