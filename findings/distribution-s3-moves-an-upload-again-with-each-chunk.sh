#!/usr/bin/env bash
# On S3 the registry of distribution moves all that an upload has so far again with each chunk, when the chunks are small.
#
# Versions   github.com/distribution/distribution/v3/cmd/registry v3.1.2, moto 5.2.5 (the object store), flask 3.1.2,
#            flask-cors 6.0.1, Go 1.24 or later, Python 3.11 or later with venv, curl 7.88 or later.
# Expected   S3 takes no part below 5 MiB but the last, so the registry keeps a small chunk until there is enough of it; what
#            goes to the store, and moves in it, is about the size of the blob, whatever the chunks are.
# Seen       12 MB in chunks of 1 MB: each PATCH ends the multipart upload and begins another. Up to 5 MiB it fetches
#            what is there and sends it once more with the new chunk; from then on the store copies the whole object into the
#            new upload, with each PATCH, so that the work grows with the square of the blob. In chunks of 6 MB: each byte
#            is sent once and none is copied. The driver does this whenever the last part that it wrote is below 5 MiB.
# Matters    The sum for a blob of 1 GB in chunks of 1 MB is some 500 GB of copies in the store. Chunks are small where memory or
#            a proxy is; neither the client nor the registry's log tells what they cost.
# Output     12 chunks of 1 MB: 27 MB sent to the store, 15 MB fetched from it, 45 MB copied in it
#            2 chunks of 6 MB: 12 MB sent to the store, 0 MB fetched from it, 0 MB copied in it
set -euo pipefail
folder=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
port=15991
counted=15992
store=15993
cat >count.py <<'PY'
"""Hands each request on to the object store, and writes down how many bytes of content went where."""

import sys
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

here, store = int(sys.argv[1]), int(sys.argv[2])
parts, objects = {}, {}


class Counter(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def ask(self, body):
        connection = HTTPConnection("127.0.0.1", store)
        connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            connection.putheader(name, value)
        connection.endheaders(body or None)
        answer = connection.getresponse()
        return answer, answer.read()

    def handle_request(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        url = urlsplit(self.path)
        query = parse_qs(url.query)
        upload = query.get("uploadId", [""])[0]
        source = self.headers.get("x-amz-copy-source")
        copied = objects["/" + source.lstrip("/")] if source else 0
        if "partNumber" in query:
            parts.setdefault(upload, {})[query["partNumber"][0]] = copied or len(body)
        elif self.command == "POST" and upload:
            objects[url.path] = sum(parts[upload].values())
        answer, content = self.ask(body)
        print(len(body), len(content) if self.command == "GET" else 0, copied, flush=True)
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


ThreadingHTTPServer(("127.0.0.1", here), Counter).serve_forever()
PY
GOBIN=$folder go install github.com/distribution/distribution/v3/cmd/registry@v3.1.2 2>log || { cat log; exit 2; }
python3 -m venv python
python/bin/pip install -q 'moto[s3]==5.2.5' flask==3.1.2 flask-cors==6.0.1 >log 2>&1 || { cat log; exit 2; }
python/bin/moto_server -H 127.0.0.1 -p "$store" >log 2>&1 &
python3 count.py "$counted" "$store" >>counts &
until curl -s -o /dev/null -X PUT "http://127.0.0.1:$store/registry"; do sleep 0.2; done
cat >config.yml <<CONFIG
version: 0.1
log: {level: error, accesslog: {disabled: true}}
storage:
  s3: {accesskey: a, secretkey: b, region: us-east-1, regionendpoint: "http://127.0.0.1:$counted",
       bucket: registry, secure: false, forcepathstyle: true}
http: {addr: "127.0.0.1:$port"}
CONFIG
./registry serve config.yml >log 2>&1 &
until curl -sf -o /dev/null "http://127.0.0.1:$port/v2/"; do sleep 0.1; done

place() { tr -d '\r' | sed -n 's/^[Ll]ocation: //p'; }
upload() {
  local many=$1 size=$2 at
  head -c "${size}000000" /dev/zero >chunk
  at=$(curl -sS -D - -o /dev/null -X POST "http://127.0.0.1:$port/v2/app/blobs/uploads/" | place)
  : >counts
  for _ in $(seq "$many"); do
    at=$(curl -sSf -D - -o /dev/null -X PATCH -H 'Content-Type: application/octet-stream' --data-binary @chunk "$at" | place)
  done
  awk -v title="$many chunks of $size MB" '{ sent += $1; fetched += $2; copied += $3 }
    END { printf "%s: %d MB sent to the store, %d MB fetched from it, %d MB copied in it\n", title, sent / 1e6, fetched / 1e6, copied / 1e6 }' counts
}
seen=$(
  upload 12 1
  upload 2 6
)
echo "$seen"
[ "$seen" = '12 chunks of 1 MB: 27 MB sent to the store, 15 MB fetched from it, 45 MB copied in it
2 chunks of 6 MB: 12 MB sent to the store, 0 MB fetched from it, 0 MB copied in it' ]
