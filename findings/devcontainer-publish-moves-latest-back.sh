#!/usr/bin/env bash
# `devcontainer features publish` reads one page of tags: it publishes a version again, and moves `latest` back.
#
# Versions   @devcontainers/cli 0.80.0, github.com/distribution/distribution/v3/cmd/registry v3.1.2 behind a page size of 4 for who
#            asks for none, Go 1.24 or later, Node 20 or later, Python 3.11 or later, curl 7.88 or later.
# Expected   A list of tags may come in pages, each with a Link to the next (OCI distribution, Listing Tags). Who decides by it
#            what is published and what is the newest version reads all of them.
# Seen       The tool takes the first page for all. A version that stands on a later one is published a second time, and its
#            tag then names other content; with a version for an older line, such as 1.0.1 behind 2.0.0, `latest` goes back
#            to that line. It exits with 0 and says nothing.
# Matters    It refuses to publish a version twice, which its users rely on, and that works for years: until a feature has
#            more tags than a page of its registry, of which each release adds one at least. As tags are sorted as text, the
#            versions with the highest numbers are forgotten first, and with them what `latest` is.
# Output     in one page: 2.0.0 is kept, latest is 2.0.0
#            in pages of 4: 2.0.0 is replaced, latest is 1.0.1
set -euo pipefail
folder=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
GOBIN=$folder go install github.com/distribution/distribution/v3/cmd/registry@v3.1.2 2>log || { cat log; exit 2; }
npm install --silent --no-fund --no-audit @devcontainers/cli@0.80.0 >log 2>&1 || { cat log; exit 2; }
export HOME=$folder OTEL_TRACES_EXPORTER=none

cat >pages.py <<'PY'
"""Hands each request on to the registry, and a list that is asked without a number as a page of some tags."""

import sys
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

here, registry, size = (int(argument) for argument in sys.argv[1:])


class Pages(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def body(self):
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        chunks = []
        while size_of_chunk := int(self.rfile.readline(), 16):
            chunks.append(self.rfile.read(size_of_chunk))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def handle_request(self):
        body = self.body()
        path = f"{self.path}?n={size}" if self.path.endswith("/tags/list") else self.path
        connection = HTTPConnection("127.0.0.1", registry)
        headers = {name: value for name, value in self.headers.items() if name.lower() != "transfer-encoding"}
        connection.request(self.command, path, body or None, headers)
        answer = connection.getresponse()
        content = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("connection", "content-length", "transfer-encoding"):
                self.send_header(name, value)
        self.send_header("Content-Length", answer.getheader("Content-Length") if self.command == "HEAD" else str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = handle_request

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", here), Pages).serve_forever()
PY
serve() {
  cat >"$1.yml" <<CONFIG
version: 0.1
log: {level: error, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: $folder/$1}}
http: {addr: "127.0.0.1:${1}0"}
CONFIG
  ./registry serve "$1.yml" >log 2>&1 &
  python3 pages.py "$1" "${1}0" "$2" >log 2>&1 &
  until curl -sf -o /dev/null "http://localhost:$1/v2/"; do sleep 0.1; done
}
publish() {
  mkdir -p src/hello
  echo "{\"id\": \"hello\", \"version\": \"$2\", \"name\": \"$3\"}" >src/hello/devcontainer-feature.json
  echo 'echo hello' >src/hello/install.sh
  node_modules/.bin/devcontainer features publish -r "localhost:$1" -n me/features src >log 2>&1 || { cat log; exit 2; }
}
digest() {
  curl -sSf -H 'Accept: application/vnd.oci.image.manifest.v1+json' \
    "http://localhost:$1/v2/me/features/hello/manifests/$2" | sha256sum
}
try() {
  local kept=replaced before latest=unknown version
  serve "$2" "$3"
  publish "$2" 1.0.0 first
  publish "$2" 2.0.0 second
  before=$(digest "$2" 2.0.0)
  publish "$2" 2.0.0 'second, changed'
  [ "$(digest "$2" 2.0.0)" != "$before" ] || kept=kept
  publish "$2" 1.0.1 'first, mended'
  for version in 1.0.1 2.0.0; do
    [ "$(digest "$2" latest)" != "$(digest "$2" "$version")" ] || latest=$version
  done
  echo "$1: 2.0.0 is $kept, latest is $latest"
}
seen=$(
  try 'in one page' 1599 1000
  try 'in pages of 4' 1598 4
)
echo "$seen"
[ "$seen" = 'in one page: 2.0.0 is kept, latest is 2.0.0
in pages of 4: 2.0.0 is replaced, latest is 1.0.1' ]
