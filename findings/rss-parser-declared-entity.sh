#!/bin/sh
# rss-parser 3.13.0 (npm): a feed that declares an entity of its own is refused as a whole.
#
# XML 1.0 section 4.4: every processor reads an internal entity declared in the document type. The library's parser
# knows XML's five only and gives up; feedparser 6.0.14 expands it.
# Seen: "Invalid character entity"
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes > npm.log
npm install --silent --no-audit --no-fund rss-parser@3.13.0 >> npm.log
cat > feed.xml <<'FEED'
<?xml version="1.0"?>
<!DOCTYPE rss [<!ENTITY co "Site and Co">]>
<rss version="2.0"><channel><title>t</title><link>https://site.example/</link><description>d</description>
<item><title>At &co;</title><link>https://site.example/a</link></item></channel></rss>
FEED
cat > look.js <<'CODE'
const Parser = require("rss-parser");
const feed = require("fs").readFileSync("feed.xml", "utf8");
new Parser().parseString(feed).then(
  (read) => console.log(read.items[0].title),
  (error) => console.log(error.message.split("\n")[0]),
);
CODE
seen=$(node look.js)
echo "$seen"
[ "$seen" = "Invalid character entity" ] || { echo "changed: was Invalid character entity" >&2; exit 1; }
