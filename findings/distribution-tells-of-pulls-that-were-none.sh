#!/usr/bin/env bash
# The registry of distribution tells its listeners of a pull for each HEAD, each 304 of a blob, and a range that it refused.
#
# Versions   github.com/distribution/distribution/v3/cmd/registry v3.1.2, github.com/google/go-containerregistry/cmd/crane
#            v0.22.1, Go 1.24 or later, Python 3.11 or later (the listener, of its standard library), curl 7.88 or later.
# Expected   A pull event stands for content that was handed out: one for a GET, none for a HEAD, for a client whose copy is
#            still good, or for a range beyond the end.
# Seen       HEAD of a manifest and of a blob: a pull event each, with the tag and the whole size. GET of a blob answered by 304
#            or by 416: a pull event with the size of the blob; so ten bytes of it. GET of a manifest answered by 304: none. Pushing
#            an image that is there, which crane finds by HEAD, is told as a pull of it, and as no push. The event for a manifest is
#            sent by whatever has read it, and that for a blob when serving it has raised no error, whatever the status.
# Matters    Counters of pulls, bills by bytes and rules that keep what was pulled of late count the clients that only look;
#            every job that pushes the same image each night keeps it young.
# Output     manifest HEAD 200: pull
#            manifest GET 200: pull
#            manifest GET 304: nothing
#            blob HEAD 200: pull of all its bytes
#            blob GET 304: pull of all its bytes
#            blob GET 206, 10 bytes: pull of all its bytes
#            blob GET 416: pull of all its bytes
#            the image is pushed again: pull
set -euo pipefail
folder=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
port=15994
listener=15995
cat >listen.py <<'PY'
"""Writes down the events that are sent to it."""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Listener(BaseHTTPRequestHandler):
    def do_POST(self):
        events = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["events"]
        for event in events:
            target = event["target"]
            bytes_ = f" of {target['size']} bytes" if "/blobs/" in target.get("url", "") else ""
            print(target["repository"], event["action"] + bytes_, flush=True)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Listener).serve_forever()
PY
for command in github.com/distribution/distribution/v3/cmd/registry@v3.1.2 github.com/google/go-containerregistry/cmd/crane@v0.22.1; do
  GOBIN=$folder go install "$command" 2>log || { cat log; exit 2; }
done
export HOME=$folder
cat >config.yml <<CONFIG
version: 0.1
log: {level: error, accesslog: {disabled: true}}
storage: {inmemory: {}}
http: {addr: "127.0.0.1:$port"}
notifications:
  endpoints: [{name: listener, url: "http://127.0.0.1:$listener/", timeout: 5s, threshold: 5, backoff: 1s}]
CONFIG
python3 listen.py "$listener" >>events 2>log &
until curl -s -o /dev/null "http://127.0.0.1:$listener/"; do sleep 0.1; done
./registry serve config.yml >log 2>&1 &
registry=127.0.0.1:$port
until curl -sf -o /dev/null "http://$registry/v2/"; do sleep 0.1; done

head -c 200000 /dev/urandom >content
tar -czf layer.tar.gz content
size=$(stat -c %s layer.tar.gz)
layer=sha256:$(sha256sum layer.tar.gz | cut -d' ' -f1)
./crane append --oci-empty-base -f layer.tar.gz -t "$registry/app:v1" >log 2>&1
./crane pull --format oci "$registry/app:v1" layout 2>log
./crane push layout "$registry/mark:v1" >log 2>&1
manifest=$(./crane digest "$registry/app:v1")
type=application/vnd.oci.image.manifest.v1+json

get() { curl -sS -o body -w '%{http_code}' -H "Accept: $type" "$@"; }
# told: the events up to now. They are sent in order, so that all are there when one for another repository is.
told() {
  get "http://$registry/v2/mark/manifests/v1" >log
  until grep -q '^mark pull$' events; do sleep 0.1; done
  sed -n "s/^app //; t one; d; :one; s/of $size bytes/of all its bytes/; p" events | paste -sd, | sed 's/^$/nothing/'
  : >events
}
ask() {
  local name=$1 path=$2 status
  shift 2
  status=$(get "$@" "http://$registry/v2/app/$path")
  echo "${name/STATUS/$status}: $(told)"
}
told >log
seen=$(
  ask 'manifest HEAD STATUS' manifests/v1 -I
  ask 'manifest GET STATUS' manifests/v1
  ask 'manifest GET STATUS' manifests/v1 -H "If-None-Match: \"$manifest\""
  ask 'blob HEAD STATUS' "blobs/$layer" -I
  ask 'blob GET STATUS' "blobs/$layer" -H "If-None-Match: \"$layer\""
  ask 'blob GET STATUS, 10 bytes' "blobs/$layer" -r 0-9
  ask 'blob GET STATUS' "blobs/$layer" -r "$size-"
  ./crane push layout "$registry/app:v1" >log 2>&1
  echo "the image is pushed again: $(told)"
)
echo "$seen"
[ "$seen" = 'manifest HEAD 200: pull
manifest GET 200: pull
manifest GET 304: nothing
blob HEAD 200: pull of all its bytes
blob GET 304: pull of all its bytes
blob GET 206, 10 bytes: pull of all its bytes
blob GET 416: pull of all its bytes
the image is pushed again: pull' ]
