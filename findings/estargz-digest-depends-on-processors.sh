#!/usr/bin/env bash
# The layer that Go's estargz library makes of an archive depends on how many processors may work on it, to the diff ID.
#
# Versions   github.com/containerd/stargz-snapshotter/estargz v0.19.1, Go 1.24 or later.
# Expected   A builder that works in parallel puts the parts together to the same bytes: one archive and the same options make
#            one layer, as with a gzip that works in parallel on blocks of a fixed size.
# Seen       With GOMAXPROCS of 1, 2, 3 and 4 the same archive gives four blobs, four digests of the table of contents and four
#            diff IDs; each of them is the same again when it is repeated. `Build` cuts the archive into as many parts as there
#            are processors, each part begins a gzip member of its own, and the table of contents, which is a file of the
#            layer, tells where. Only with the option WithParallelism, new in this version, are all four the same.
# Matters    The same commit built on a laptop and in CI are two images: nothing is deduplicated, a build cache misses, a check
#            that a build is reproducible fails, and a signature covers one of them alone.
# Output     again the same: yes
#            1 2 3 4 processors: blobs 4, diff IDs 4, tables of contents 4
#            with the option: blobs 1, diff IDs 1, tables of contents 1
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
export GOFLAGS=-mod=mod
cat >main.go <<'GO'
package main

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/containerd/stargz-snapshotter/estargz"
)

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func main() {
	var archive bytes.Buffer
	writer := tar.NewWriter(&archive)
	for i := range 24 {
		content := strings.Repeat(fmt.Sprintf("line %d of a file\n", i), 500)
		header := &tar.Header{Name: fmt.Sprintf("file-%02d", i), Mode: 0o644, Size: int64(len(content)), Typeflag: tar.TypeReg}
		if err := writer.WriteHeader(header); err != nil {
			panic(err)
		}
		must(io.WriteString(writer, content))
	}
	if err := writer.Close(); err != nil {
		panic(err)
	}
	var options []estargz.Option
	if len(os.Args) > 1 {
		options = append(options, estargz.WithParallelism(2))
	}
	layer := must(estargz.Build(io.NewSectionReader(bytes.NewReader(archive.Bytes()), 0, int64(archive.Len())), options...))
	blob := must(io.ReadAll(layer))
	fmt.Printf("%x %s %s\n", sha256.Sum256(blob), layer.DiffID(), layer.TOCDigest())
}
GO
go mod init example.org/finding >log 2>&1
go get github.com/containerd/stargz-snapshotter/estargz@v0.19.1 >>log 2>&1 || { cat log; exit 2; }
go build -o build . >>log 2>&1 || { cat log; exit 2; }

build() { for processors in 1 2 3 4; do GOMAXPROCS=$processors ./build "$@"; done; }
build >first
build >second
build option >pinned
count() { cut -d' ' -f"$2" "$1" | sort -u | wc -l; }
told() { echo "blobs $(count "$1" 1), diff IDs $(count "$1" 2), tables of contents $(count "$1" 3)"; }
seen=$(
  if cmp -s first second; then echo 'again the same: yes'; else echo 'again the same: no'; fi
  echo "1 2 3 4 processors: $(told first)"
  echo "with the option: $(told pinned)"
)
echo "$seen"
[ "$seen" = 'again the same: yes
1 2 3 4 processors: blobs 4, diff IDs 4, tables of contents 4
with the option: blobs 1, diff IDs 1, tables of contents 1' ]
