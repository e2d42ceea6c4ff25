#!/bin/sh
# gofeed 1.4.2 (Go): a date with a comment after its zone has no parsed time, and there is no error.
#
# RFC 5322 section 3.3 lets a date end in a comment, as in "+0000 (GMT)", which mail software writes. The item's
# Published has the text, PublishedParsed is nil. feedparser 6.0.14, feed-rs 3.0.0 and ROME 2.1.0 read it.
# Seen: "<nil> <nil>"
set -eu
folder=$(mktemp -d)
trap 'chmod -R u+w "$folder"; rm -rf "$folder"' EXIT
cd "$folder"
cat > main.go <<'CODE'
package main

import (
	"fmt"

	"github.com/mmcdole/gofeed"
)

const feed = `<rss version="2.0"><channel><title>t</title><link>https://site.example/</link><description>d</description>
<item><title>x</title><link>https://site.example/a</link><pubDate>Fri, 26 Nov 2021 09:00:00 +0000 (GMT)</pubDate></item>
</channel></rss>`

func main() {
	read, err := gofeed.NewParser().ParseString(feed)
	fmt.Println(read.Items[0].PublishedParsed, err)
}
CODE
export GOPATH="$folder/go" GOFLAGS=-mod=mod
go mod init look > go.log 2>&1
go get github.com/mmcdole/gofeed@v1.4.2 >> go.log 2>&1
seen=$(go run . 2>> go.log) || { cat go.log >&2; exit 1; }
echo "$seen"
[ "$seen" = "<nil> <nil>" ] || { echo "changed: was <nil> <nil>" >&2; exit 1; }
