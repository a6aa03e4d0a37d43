#!/usr/bin/env bash
# In CUE's OCI registry a chunk of one byte cannot be pushed with a Content-Range: `0-0` is read as no byte at all.
#
# Versions   cuelabs.dev/go/oci/ociregistry v0.0.0-20251212221603-3adeb8663819, curl 7.88 or later.
# Expected   The end of a range is the last byte itself (OCI distribution, Pushing a blob in chunks; RFC 9110 14.4), so
#            `Content-Range: 0-0` over one byte is a chunk, and answered with 202 and `Range: 0-0`.
# Seen       400 UNSUPPORTED, "implies a length of 0": `0-0`, which is also what the registry writes into Range for an
#            upload with no byte in it, is taken for that. The same byte without Content-Range, and two bytes as `0-1`,
#            are taken.
# Matters    A client whose last or only chunk has one byte at the start of an upload fails for good, and only for that
#            length.
# Output     0-0 400
#            0-1 202
#            none 202
set -euo pipefail
folder=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
export GOFLAGS=-mod=mod
port=15984
cat >main.go <<'GO'
package main

import (
	"log"
	"net/http"
	"os"

	"cuelabs.dev/go/oci/ociregistry/ocimem"
	"cuelabs.dev/go/oci/ociregistry/ociserver"
)

func main() {
	log.Fatal(http.ListenAndServe(os.Args[1], ociserver.New(ocimem.New(), nil)))
}
GO
go mod init example.com/served 2>log
go get cuelabs.dev/go/oci/ociregistry@v0.0.0-20251212221603-3adeb8663819 2>log
go build -o served .
./served "127.0.0.1:$port" >log 2>&1 &
until curl -s -o /dev/null "http://127.0.0.1:$port/v2/"; do sleep 0.1; done

chunk() {
  local name=$1 bytes=$2 place
  shift 2
  place=$(curl -sS -D - -o /dev/null -X POST "http://127.0.0.1:$port/v2/example/app/blobs/uploads/" | tr -d '\r' | sed -n 's/^[Ll]ocation: //p')
  case $place in /*) place=http://127.0.0.1:$port$place ;; esac
  echo "$name $(curl -sS -o /dev/null -w '%{http_code}' -X PATCH -H 'Content-Type: application/octet-stream' "$@" --data-binary "$bytes" "$place")"
}
seen=$(
  chunk 0-0 x -H 'Content-Range: 0-0'
  chunk 0-1 xy -H 'Content-Range: 0-1'
  chunk none x
)
echo "$seen"
[ "$seen" = '0-0 400
0-1 202
none 202' ]
