#!/usr/bin/env bash
# mjml-python 1.4.2 (mrml 6.0.1): white space between two inline tags is dropped where it begins with a line end,
# so that "one" and "two" in <a>one</a>⏎<b>two</b> are shown glued together. A blank in the same place is kept.
# npm's mjml keeps both. Seen 27 November 2026. Exits 1 where that has changed.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" --quiet --disable-pip-version-check install mjml-python==1.4.2
"$here/venv/bin/python" - <<'PYTHON'
from mjml import mjml2html

def inside(gap):
    text = f"<mj-text><a>one</a>{gap}<b>two</b></mj-text>"
    html = mjml2html(f"<mjml><mj-body><mj-section><mj-column>{text}</mj-column></mj-section></mj-body></mjml>")
    return html[html.index("<a>one"):html.index("two</b>")]

blank, line_end = inside(" "), inside("\n")
print("a blank between the tags:    ", repr(blank))
print("a line end between the tags: ", repr(line_end))
raise SystemExit(0 if (blank, line_end) == ("<a>one</a> <b>", "<a>one</a><b>") else 1)
PYTHON
