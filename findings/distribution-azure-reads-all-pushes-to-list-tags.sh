#!/usr/bin/env bash
# On Azure, the registry of distribution reads a name for each push a tag ever had, to say which tags there are.
#
# Versions   github.com/distribution/distribution/v3/cmd/registry v3.1.2, azurite 3.35.0 (the object store), azure-storage-blob
#            12.31.1, Go 1.24 or later, Node 20 or later, Python 3.11 or later with venv, curl 7.88 or later.
# Expected   An object store lists what stands directly below a name, if it is asked with a delimiter. A list of tags takes a
#            name for each tag then, and the catalogue some for each repository, as with the same registry on S3.
# Seen       The driver for Azure asks without a delimiter, gets the names of all objects below, and throws away what lies
#            deeper. Below a tag lies one for each manifest that it has ever pointed to, so that a repository with one tag
#            costs as many names as there were pushes. The catalogue reads the names of all that the registry has in its
#            repositories, and then those of each repository once more.
# Matters    Names come 5,000 to a page, one page after the other: behind `latest` of a nightly build there are soon several, and
#            the catalogue of a registry takes longer with each layer and each push, whatever n is. No removal of garbage
#            shortens it unless the old manifests go, which a tag that is pushed again does not make them do.
# Output     1 push of 1 tag: 3 names for the list of tags, 11 for the catalogue
#            31 pushes of 1 tag: 33 names for the list of tags, 191 for the catalogue
set -euo pipefail
folder=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
port=15991
counted=15992
store=15993
cat >count.py <<'PY'
"""Hands each request on to the object store, and writes down how many names its lists have."""

import sys
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

here, store = int(sys.argv[1]), int(sys.argv[2])


class Counter(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def handle_request(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        connection = HTTPConnection("127.0.0.1", store)
        connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            connection.putheader(name, value)
        connection.endheaders(body or None)
        answer = connection.getresponse()
        content = answer.read()
        print(content.count(b"<Name>"), flush=True)
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("connection", "content-length", "transfer-encoding"):
                self.send_header(name, value)
        length = (answer.getheader("Content-Length") or "0") if self.command == "HEAD" else str(len(content))
        self.send_header("Content-Length", length)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = handle_request

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", here), Counter).serve_forever()
PY
# The account and the key that azurite has, which its manual prints.
account=devstoreaccount1
key='Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=='
GOBIN=$folder go install github.com/distribution/distribution/v3/cmd/registry@v3.1.2 2>log || { cat log; exit 2; }
npm install --silent --no-fund --no-audit azurite@3.35.0 >log 2>&1 || { cat log; exit 2; }
python3 -m venv python
python/bin/pip install -q azure-storage-blob==12.31.1 >log 2>&1 || { cat log; exit 2; }
node_modules/.bin/azurite-blob --blobPort "$store" --location "$folder/store" --skipApiVersionCheck --disableTelemetry --silent >log 2>&1 &
python3 count.py "$counted" "$store" >>counts &
python/bin/python - "http://127.0.0.1:$store/$account" "$key" <<'PY'
import sys

from azure.storage.blob import BlobServiceClient

BlobServiceClient(sys.argv[1], credential=sys.argv[2], retry_total=20, initial_backoff=1, increment_base=1).create_container("registry")
PY
cat >config.yml <<CONFIG
version: 0.1
log: {level: error, accesslog: {disabled: true}}
storage:
  azure: {accountname: $account, accountkey: "$key", credentials: {type: shared_key}, container: registry,
          serviceurl: "http://127.0.0.1:$counted/$account"}
http: {addr: "127.0.0.1:$port"}
CONFIG
OTEL_TRACES_EXPORTER=none ./registry serve config.yml >log 2>&1 &
until curl -sf -o /dev/null "http://127.0.0.1:$port/v2/"; do sleep 0.1; done

push() {
  local config="{\"created\":\"2026-01-01T00:00:$1Z\"}" digest at type=application/vnd.oci.image.manifest.v1+json
  digest=sha256:$(printf %s "$config" | sha256sum | cut -d' ' -f1)
  at=$(curl -sS -D - -o /dev/null -X POST "http://127.0.0.1:$port/v2/app/blobs/uploads/" | tr -d '\r' | sed -n 's/^[Ll]ocation: //p')
  curl -sSf -o /dev/null -X PUT -H 'Content-Type: application/octet-stream' --data-binary "$config" "$at&digest=$digest"
  curl -sSf -o /dev/null -X PUT -H "Content-Type: $type" --data-binary '{"schemaVersion":2,"mediaType":"'$type'",
    "config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"'"$digest"'","size":'${#config}'},"layers":[]}' \
    "http://127.0.0.1:$port/v2/app/manifests/latest"
}
names() {
  : >counts
  curl -sSf "http://127.0.0.1:$port/v2/$1" | grep -q "$2"
  awk '{ sum += $1 } END { print sum }' counts
}
say() { echo "$1 of 1 tag: $(names app/tags/list '\["latest"\]') names for the list of tags, $(names _catalog '\["app"\]') for the catalogue"; }
seen=$(
  push 10
  say '1 push'
  for second in $(seq 11 40); do push "$second"; done
  say '31 pushes'
)
echo "$seen"
[ "$seen" = '1 push of 1 tag: 3 names for the list of tags, 11 for the catalogue
31 pushes of 1 tag: 33 names for the list of tags, 191 for the catalogue' ]
