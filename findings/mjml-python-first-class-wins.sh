#!/usr/bin/env bash
# mjml-python 1.4.2 (mrml 6.0.1): of several classes in mj-class="quiet loud" the first one wins where both give the
# same attribute; npm's mjml 4 lets the last one win.
# Seen 27 November 2026. Exits 1 where that has changed.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" --quiet --disable-pip-version-check install mjml-python==1.4.2
npm install --silent --no-audit --no-fund --no-package-lock --prefix "$here" mjml@4.18.0 >/dev/null
cat > "$here/page.mjml" <<'MJML'
<mjml><mj-head><mj-attributes>
<mj-class name="quiet" color="#111111" /><mj-class name="loud" color="#222222" />
</mj-attributes></mj-head><mj-body><mj-section><mj-column>
<mj-text mj-class="quiet loud">x</mj-text>
</mj-column></mj-section></mj-body></mjml>
MJML
ours=$("$here/venv/bin/python" -c "import sys, mjml; print(mjml.mjml2html(open(sys.argv[1]).read()))" "$here/page.mjml" | grep -o 'color:#[12]*' | head -1)
theirs=$("$here/node_modules/.bin/mjml" "$here/page.mjml" -s | grep -o 'color:#[12]*' | head -1)
echo "mjml-python 1.4.2: $ours"
echo "npm mjml 4.18.0:   $theirs"
[ "$ours $theirs" = "color:#111111 color:#222222" ]
