#!/usr/bin/env bash
# When a registry names another page before the next one, crane and oras list that page instead, and miss all between.
#
# Versions   github.com/google/go-containerregistry/cmd/crane v0.22.1, oras.land/oras/cmd/oras v1.3.6,
#            github.com/regclient/regclient/cmd/regctl v0.11.7, oras 0.2.43 (of the Python index), Go 1.26.7 or later, Python 3.11
#            or later with venv (the registry, of its standard library).
# Expected   A Link header may hold several links, in one field or in several, in any order; the relation says which is which (RFC
#            8288 3). A client that follows pages goes to the one with rel="next", as the specification of the registry says.
# Seen       Four tags on four pages; beside the next page the answer names the last one, as web APIs do. Where rel="next" is
#            the first of them, all get all four. Where rel="last" is first, crane and oras take it for the next page, and
#            end with 0 and two tags; in two fields it is the same. They read what stands between the first angle brackets and not
#            its relation. regctl, and oras for Python, go by the relation.
# Matters    What is in front of a registry adds links of its own. helm lists through the library of oras: it then finds
#            the chart's newest version only when that happens to be on the first page or the last.
# Output     links in one field         next first              last first
#            crane                      1.0 10.0 2.0 3.0        1.0 3.0
#            oras                       1.0 10.0 2.0 3.0        1.0 3.0
#            regctl                     1.0 10.0 2.0 3.0        1.0 10.0 2.0 3.0
#            oras for Python            1.0 10.0 2.0 3.0        1.0 10.0 2.0 3.0
#            in two fields
#            crane                      1.0 10.0 2.0 3.0        1.0 3.0
#            oras                       1.0 10.0 2.0 3.0        1.0 3.0
#            regctl                     1.0 10.0 2.0 3.0        1.0 10.0 2.0 3.0
#            oras for Python            1.0 10.0 2.0 3.0        1.0 10.0 2.0 3.0
set -euo pipefail
folder=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
port=15980
registry=127.0.0.1:$port
for command in github.com/google/go-containerregistry/cmd/crane@v0.22.1 oras.land/oras/cmd/oras@v1.3.6 \
  github.com/regclient/regclient/cmd/regctl@v0.11.7; do
  GOBIN=$folder go install "$command" 2>log || { cat log; exit 2; }
done
python3 -m venv python
python/bin/pip install -q oras==0.2.43 >log 2>&1 || { cat log; exit 2; }
cat >registry.py <<'PY'
"""A registry with four tags on four pages; the name of the repository says how the links of a page stand."""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

TAGS = ["1.0", "10.0", "2.0", "3.0"]


class Registry(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        url = urlsplit(self.path)
        body = b"{}"
        links = []
        if url.path.endswith("/tags/list"):
            last = parse_qs(url.query).get("last", [""])[0]
            at = TAGS.index(last) + 1 if last else 0
            body = json.dumps({"name": "app", "tags": TAGS[at : at + 1]}).encode()
            following = f'<{url.path}?n=1&last={TAGS[at]}>; rel="next"'
            final = f'<{url.path}?n=1&last={TAGS[-2]}>; rel="last"'
            if TAGS[at] != TAGS[-1]:
                links = [following, final] if "next-first" in url.path else [final, following]
            if "one-field" in url.path and links:
                links = [", ".join(links)]
        self.send_response(200)
        for link in links:
            self.send_header("Link", link)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Registry).serve_forever()
PY
cat >tags.py <<'PY'
import sys

import oras.client

host, repository = sys.argv[1].split("/", 1)
print(*oras.client.OrasClient(hostname=host, insecure=True).get_tags(f"{host}/{repository}"), sep="\n")
PY
export HOME=$folder
python3 registry.py "$port" >server.log 2>&1 &
until curl -s -o /dev/null "http://$registry/v2/"; do sleep 0.1; done
./regctl registry set --skip-check --tls disabled "$registry"

# list CLIENT REPOSITORY: the tags that it finds.
list() {
  case $1 in
    crane) ./crane ls "$2" ;;
    oras) ./oras repo tags --plain-http "$2" ;;
    regctl) ./regctl tag ls "$2" ;;
    'oras for Python') python/bin/python tags.py "$2" ;;
  esac | tr '\n' ' ' | sed 's/ $//'
}
line() { printf '%-26s %-23s %s\n' "$@" | sed 's/ *$//'; }
seen=$(
  line 'links in one field' 'next first' 'last first'
  for client in crane oras regctl 'oras for Python'; do
    line "$client" "$(list "$client" "$registry/one-field/next-first")" "$(list "$client" "$registry/one-field/last-first")"
  done
  echo 'in two fields'
  for client in crane oras regctl 'oras for Python'; do
    line "$client" "$(list "$client" "$registry/two-fields/next-first")" "$(list "$client" "$registry/two-fields/last-first")"
  done
)
echo "$seen"
[ "$seen" = 'links in one field         next first              last first
crane                      1.0 10.0 2.0 3.0        1.0 3.0
oras                       1.0 10.0 2.0 3.0        1.0 3.0
regctl                     1.0 10.0 2.0 3.0        1.0 10.0 2.0 3.0
oras for Python            1.0 10.0 2.0 3.0        1.0 10.0 2.0 3.0
in two fields
crane                      1.0 10.0 2.0 3.0        1.0 3.0
oras                       1.0 10.0 2.0 3.0        1.0 3.0
regctl                     1.0 10.0 2.0 3.0        1.0 10.0 2.0 3.0
oras for Python            1.0 10.0 2.0 3.0        1.0 10.0 2.0 3.0' ]
