#!/usr/bin/env bash
# A Rust unpacker of images cannot unpack a layer in eStargz, which is a gzip file like any other: it reads the first of its members.
#
# Versions   oci-unpack 0.2.0 (its example `unpack`), github.com/containerd/stargz-snapshotter/estargz v0.19.1,
#            github.com/distribution/distribution/v3/cmd/registry v3.1.2, Go 1.24 or later, a current Rust, curl 7.88 or later.
# Expected   eStargz is an ordinary layer to whoever does not know it: a gzip file whose content is a tar archive, which any
#            decoder of gzip reads.
# Seen       An eStargz layer has a gzip member for each piece of a file, as RFC 1952 allows. The unpacker reads it with
#            flate2's GzDecoder, which ends behind the first member and calls that the end of the file (MultiGzDecoder reads
#            on), so that the archive breaks off: "unexpected EOF during skip", about a blob whose digest was just found right.
# Matters    It reads like a download that was cut off, and it is the image: each attempt ends so, with every registry, while
#            engines run it. Layers of several members come from stargz, bgzip and tools that append; the library's name for the
#            common case is the longer one, and zstd's decoder in the same program reads all frames.
# Output     gzip: exit status 0, 4 of 4 files
#            eStargz: exit status 1, 0 of 4 files, unexpected EOF
set -euo pipefail
folder=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
port=15991
export GOFLAGS=-mod=mod
cat >main.go <<'GO'
package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"

	"github.com/containerd/stargz-snapshotter/estargz"
)

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func main() {
	var archive, plain bytes.Buffer
	writer := tar.NewWriter(&archive)
	for i := range 4 {
		content := fmt.Sprintf("file %d\n", i)
		header := &tar.Header{Name: fmt.Sprintf("file-%d", i), Mode: 0o644, Size: int64(len(content)), Typeflag: tar.TypeReg}
		if err := writer.WriteHeader(header); err != nil {
			panic(err)
		}
		must(io.WriteString(writer, content))
	}
	if err := writer.Close(); err != nil {
		panic(err)
	}
	zip := gzip.NewWriter(&plain)
	must(zip.Write(archive.Bytes()))
	if err := zip.Close(); err != nil {
		panic(err)
	}
	layer := must(estargz.Build(io.NewSectionReader(bytes.NewReader(archive.Bytes()), 0, int64(archive.Len())), estargz.WithParallelism(1)))
	for name, content := range map[string][]byte{"gzip": plain.Bytes(), "eStargz": must(io.ReadAll(layer))} {
		if err := os.WriteFile(name, content, 0o644); err != nil {
			panic(err)
		}
	}
}
GO
{
  go mod init example.org/finding && go get github.com/containerd/stargz-snapshotter/estargz@v0.19.1 && go run .
  GOBIN=$folder go install github.com/distribution/distribution/v3/cmd/registry@v3.1.2
  CARGO_TARGET_DIR=$folder/target cargo install --quiet --debug --root "$folder" --example unpack oci-unpack@0.2.0
} >log 2>&1 || { cat log; exit 2; }
cat >config.yml <<CONFIG
version: 0.1
log: {level: error, accesslog: {disabled: true}}
storage: {inmemory: {}}
http: {addr: "127.0.0.1:$port"}
CONFIG
OTEL_TRACES_EXPORTER=none ./registry serve config.yml >log 2>&1 &
until curl -sf -o /dev/null "http://127.0.0.1:$port/v2/"; do sleep 0.1; done

blob() {
  local digest at
  digest=sha256:$(sha256sum "$1" | cut -d' ' -f1)
  at=$(curl -sS -D - -o /dev/null -X POST "http://127.0.0.1:$port/v2/app/blobs/uploads/" | tr -d '\r' | sed -n 's/^[Ll]ocation: //p')
  curl -sSf -o /dev/null -X PUT -H 'Content-Type: application/octet-stream' --data-binary "@$1" "$at&digest=$digest"
  echo '"digest":"'"$digest"'","size":'"$(stat -c %s "$1")"
}
try() {
  local type=application/vnd.oci.image code=0
  echo '{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["sha256:'"$(gzip -dc "$1" | sha256sum | cut -d' ' -f1)"'"]}}' >config
  curl -sSf -o /dev/null -X PUT -H "Content-Type: $type.manifest.v1+json" "http://127.0.0.1:$port/v2/app/manifests/v1" --data-binary \
    '{"schemaVersion":2,"mediaType":"'$type'.manifest.v1+json","config":{"mediaType":"'$type'.config.v1+json",'"$(blob config)"'},
      "layers":[{"mediaType":"'$type'.layer.v1.tar+gzip",'"$(blob "$1")"'}]}'
  bin/unpack --can-skip-sandbox --arch amd64 --os linux "127.0.0.1:$port/app:v1" "$1.d" >log 2>&1 || code=$?
  echo "$1: exit status $code, $(find "$1.d" -name 'file-*' | wc -l) of 4 files$(sed -n 's/.*\(unexpected EOF\).*/, \1/p' log)"
}
seen=$(
  try gzip
  try eStargz
)
echo "$seen"
[ "$seen" = 'gzip: exit status 0, 4 of 4 files
eStargz: exit status 1, 0 of 4 files, unexpected EOF' ]
