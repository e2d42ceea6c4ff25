#!/usr/bin/env bash
# mjml-python 1.4.2 (mrml 6.0.1): <mj-section full-width="false"> is compiled as a section of full width, the same as
# full-width="full-width". npm's mjml 4.18.0, whose attribute takes "full-width", "false" or nothing, makes an ordinary
# section of it. Seen 27 November 2026. Exits 1 where that has changed.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" --quiet --disable-pip-version-check install mjml-python==1.4.2
npm install --silent --no-audit --no-fund --no-package-lock --prefix "$here" mjml@4.18.0 >/dev/null
for value in full-width false; do
  printf '<mjml><mj-body><mj-section full-width="%s"><mj-column></mj-column></mj-section></mj-body></mjml>' "$value" > "$here/$value.mjml"
  "$here/venv/bin/python" -c "import sys, mjml; print(mjml.mjml2html(open(sys.argv[1]).read()))" "$here/$value.mjml" > "$here/$value.ours"
  "$here/node_modules/.bin/mjml" "$here/$value.mjml" -s > "$here/$value.theirs"
done
same() { if cmp -s "$1" "$2"; then echo "the same"; else echo "different"; fi; }
ours=$(same "$here/full-width.ours" "$here/false.ours"); theirs=$(same "$here/full-width.theirs" "$here/false.theirs")
echo "mjml-python 1.4.2, full-width beside false: $ours"
echo "npm mjml 4.18.0, full-width beside false:   $theirs"
[ "$ours, $theirs" = "the same, different" ]
