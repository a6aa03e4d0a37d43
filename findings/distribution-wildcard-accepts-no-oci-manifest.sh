#!/usr/bin/env bash
# For the registry of distribution 3, `Accept: */*` accepts no OCI manifest: it answers 404 for one that is there.
#
# Versions   github.com/distribution/distribution/v3 v3.1.2, curl 7.88 or later.
# Expected   A client that accepts anything gets what there is (RFC 9110 12.5.1: a wildcard matches every media type), or,
#            were nothing acceptable, 406.
# Seen       GET of a tag that points to an OCI manifest: 404 with MANIFEST_UNKNOWN for `*/*`, which curl sends by itself, for
#            `application/*`, and without the header; 200 as soon as the type itself is named, whatever its weight. Only
#            literal types are compared, and the code is that of a manifest that does not exist.
# Matters    A probe, a mirror or a scanner that asks as plain HTTP clients do takes every OCI image for missing, and a 404
#            may be remembered.
# Output     */* 404 MANIFEST_UNKNOWN
#            application/* 404 MANIFEST_UNKNOWN
#            none 404 MANIFEST_UNKNOWN
#            named 200
set -euo pipefail
folder=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
port=15983
GOFLAGS=-mod=mod GOBIN=$folder go install github.com/distribution/distribution/v3/cmd/registry@v3.1.2
cat >config.yml <<CONFIG
version: 0.1
log: {level: error, accesslog: {disabled: true}}
storage: {inmemory: {}}
http: {addr: "127.0.0.1:$port"}
CONFIG
./registry serve config.yml >log 2>&1 &
repository=http://127.0.0.1:$port/v2/example/app
until curl -sf -o /dev/null "http://127.0.0.1:$port/v2/"; do sleep 0.1; done

printf '{}' >config.json
digest=sha256:$(sha256sum config.json | cut -d' ' -f1)
upload=$(curl -sS -D - -o /dev/null -X POST "$repository/blobs/uploads/" | tr -d '\r' | sed -n 's/^[Ll]ocation: //p')
curl -sSf -X PUT -H 'Content-Type: application/octet-stream' --data-binary @config.json "$upload&digest=$digest"
type=application/vnd.oci.image.manifest.v1+json
config="{\"mediaType\":\"application/vnd.oci.image.config.v1+json\",\"digest\":\"$digest\",\"size\":2}"
curl -sSf -X PUT -H "Content-Type: $type" "$repository/manifests/v1" \
  -d "{\"schemaVersion\":2,\"mediaType\":\"$type\",\"config\":$config,\"layers\":[]}"

ask() {
  local name=$1 status
  shift
  status=$(curl -sS -o body -w '%{http_code}' "$@" "$repository/manifests/v1")
  echo "$name $status $(grep -o MANIFEST_UNKNOWN body | head -1 || true)" | sed 's/ *$//'
}
seen=$(
  ask '*/*' -H 'Accept: */*'
  ask 'application/*' -H 'Accept: application/*'
  ask none -H Accept:
  ask named -H "Accept: $type;q=0.1, */*"
)
echo "$seen"
[ "$seen" = '*/* 404 MANIFEST_UNKNOWN
application/* 404 MANIFEST_UNKNOWN
none 404 MANIFEST_UNKNOWN
named 200' ]
