#!/usr/bin/env bash
# As a cache, the registry of distribution fetches the whole blob to answer a HEAD, and once for each client that asks at once.
#
# Versions   github.com/distribution/distribution/v3/cmd/registry v3.1.2, Go 1.24 or later, curl 7.88 or later.
# Expected   A cache in front of another registry answers a HEAD from what it holds or by a HEAD of its own; of clients that ask
#            at the same time for what it does not hold yet one fetch serves all; a range costs what it has, or one whole fetch.
# Seen       HEAD of a blob that is not held: the answer waits until the cache has fetched and stored all of it. Three clients at
#            once: three fetches of the whole, one of which is kept; the others pass through. A range of what is not held is
#            answered by 200 and the whole. A client that leaves ends the fetch, and what had come is thrown away.
# Matters    A tool that only asks whether a layer is there (each push of an image, each scan, each mirror that compares) makes
#            the cache fetch it, against the limits and at the prices of the registry behind; a hundred nodes that start the same
#            new image fetch it a hundred times, as if there were no cache.
# Output     HEAD 200: the cache sent HEAD, GET
#            and then GET 200: the cache sent nothing
#            GET of ten bytes 200, the whole: the cache sent HEAD, GET
#            three GET at once: the cache fetched 3 times
#            and a fourth: the cache fetched 0 times
#            a client that leaves, and comes again: the cache fetched 2 times
set -euo pipefail
folder=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
origin=127.0.0.1:15982
cache=127.0.0.1:15983
GOBIN=$folder go install github.com/distribution/distribution/v3/cmd/registry@v3.1.2 2>log || { cat log; exit 2; }
export OTEL_TRACES_EXPORTER=none
cat >origin.yml <<CONFIG
version: 0.1
log: {level: error}
storage: {filesystem: {rootdirectory: $folder/origin}}
http: {addr: "$origin"}
CONFIG
cat >cache.yml <<CONFIG
version: 0.1
log: {level: error, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: $folder/cache}}
http: {addr: "$cache"}
proxy: {remoteurl: "http://$origin"}
CONFIG
./registry serve origin.yml >asked 2>log &
until curl -sf -o /dev/null "http://$origin/v2/"; do sleep 0.1; done
./registry serve cache.yml >log 2>&1 &
until curl -sf -o /dev/null "http://$cache/v2/"; do sleep 0.1; done

size=40000000
# push: a new blob at the origin, whose digest is then in $blob.
push() {
  local place
  head -c $size /dev/urandom >content
  blob=sha256:$(sha256sum content | cut -d' ' -f1)
  place=$(curl -sSi -X POST "http://$origin/v2/app/blobs/uploads/" | tr -d '\r' | sed -n 's/^Location: //p')
  curl -sS -o body -X PUT -H 'Content-Type: application/octet-stream' --data-binary @content "$place&digest=$blob"
}
get() { curl -sS -o "${body:-body}" -w '%{http_code}' "$@" "http://$cache/v2/app/blobs/$blob"; }
# sent: the methods of the requests for this blob that have reached the origin.
sent() { sleep 1; sed -n "s|.*\"\([A-Z]*\) /v2/app/blobs/$blob .*|\1|p" asked; }
fetched() { echo "the cache fetched $(sent | grep -c GET) times"; }
seen=$(
  push
  status=$(get -I)
  echo "HEAD $status: the cache sent $(sent | paste -sd, | sed 's/,/, /g')"
  before=$(sent | wc -l)
  status=$(get)
  after=$(sent | wc -l)
  echo "and then GET $status: the cache sent $([ "$before" = "$after" ] && echo nothing || echo more)"

  push
  status=$(get -r 0-9)
  whole=$([ "$(stat -c %s body)" = $size ] && echo 'the whole' || echo 'a part')
  echo "GET of ten bytes $status, $whole: the cache sent $(sent | paste -sd, | sed 's/,/, /g')"

  push
  for client in 1 2 3; do body=body-$client get --limit-rate 20M >"status-$client" & done
  wait
  cmp content body-1 && cmp content body-2 && cmp content body-3
  echo "three GET at once: $(fetched)"
  before=$(sent | grep -c GET)
  get >status
  echo "and a fourth: the cache fetched $(($(sent | grep -c GET) - before)) times"

  push
  get --limit-rate 4M --max-time 2 >status 2>log || true
  sleep 2
  get >status
  cmp content body
  echo "a client that leaves, and comes again: $(fetched)"
)
echo "$seen"
[ "$seen" = 'HEAD 200: the cache sent HEAD, GET
and then GET 200: the cache sent nothing
GET of ten bytes 200, the whole: the cache sent HEAD, GET
three GET at once: the cache fetched 3 times
and a fourth: the cache fetched 0 times
a client that leaves, and comes again: the cache fetched 2 times' ]
