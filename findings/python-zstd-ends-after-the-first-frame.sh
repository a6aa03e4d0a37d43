#!/usr/bin/env bash
# Of a zstd:chunked layer Python's `zstandard` reads the whole by one of its functions and the first frame by another, silently.
#
# Versions   zstandard 0.25.0, zstd 1.5.7.2 and pyzstd 0.20.0 (of the Python index), Python 3.11 or later with venv,
#            github.com/containerd/stargz-snapshotter/estargz v0.19.1, Go 1.24 or later, zstd 1.4 or later.
# Expected   A layer of several frames, which is what zstd:chunked is and what RFC 8878 allows, is read to its end, or it is
#            refused; two functions of one library that read a stream to its end agree.
# Seen       `stream_reader` and `copy_stream` give the whole archive. `read_to_iter`, which reads the same stream in pieces,
#            gives the 512 bytes of the first frame, the header of the first file, and ends as if that were all. `decompress`
#            raises an error, and, told a greatest size to get over it, gives the same 512 bytes; so does the package `zstd`.
# Matters    A tool that was tried with the layers that `zstd` makes, which have one frame, misses all files of an image made
#            for lazy pulling, and says nothing.
# Output     a layer of zstd / of zstd:chunked:
#            zstandard stream_reader: whole / whole
#            zstandard copy_stream: whole / whole
#            zstandard read_to_iter: whole / 512 bytes
#            zstandard decompress: whole / ZstdError
#            zstandard decompress with a size: whole / 512 bytes
#            zstd decompress: whole / 512 bytes
#            pyzstd decompress: whole / whole
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
	"io"
	"os"
	"strings"

	"github.com/containerd/stargz-snapshotter/estargz"
	"github.com/containerd/stargz-snapshotter/estargz/zstdchunked"
	"github.com/klauspost/compress/zstd"
)

type chunked struct {
	*zstdchunked.Compressor
	*zstdchunked.Decompressor
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func main() {
	var archive bytes.Buffer
	writer := tar.NewWriter(&archive)
	for _, name := range []string{"one", "two", "three"} {
		content := strings.Repeat(name+"\n", 1000)
		if err := writer.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(content)), Typeflag: tar.TypeReg}); err != nil {
			panic(err)
		}
		must(io.WriteString(writer, content))
	}
	if err := writer.Close(); err != nil {
		panic(err)
	}
	kind := chunked{
		&zstdchunked.Compressor{CompressionLevel: zstd.SpeedDefault, Metadata: map[string]string{}},
		&zstdchunked.Decompressor{},
	}
	layer := must(estargz.Build(io.NewSectionReader(bytes.NewReader(archive.Bytes()), 0, int64(archive.Len())), estargz.WithCompression(kind)))
	if err := os.WriteFile("chunked.zst", must(io.ReadAll(layer)), 0o644); err != nil {
		panic(err)
	}
}
GO
cat >read.py <<'PY'
import io

import pyzstd
import zstandard
import zstd

with open("archive", "rb") as file:
    archive = file.read()


def copy_stream(layer):
    target = io.BytesIO()
    zstandard.ZstdDecompressor().copy_stream(io.BytesIO(layer), target)
    return target.getvalue()


ways = {
    "zstandard stream_reader": lambda layer: zstandard.ZstdDecompressor().stream_reader(io.BytesIO(layer)).read(),
    "zstandard copy_stream": copy_stream,
    "zstandard read_to_iter": lambda layer: b"".join(zstandard.ZstdDecompressor().read_to_iter(io.BytesIO(layer))),
    "zstandard decompress": lambda layer: zstandard.ZstdDecompressor().decompress(layer),
    "zstandard decompress with a size": lambda layer: zstandard.ZstdDecompressor().decompress(layer, max_output_size=len(archive)),
    "zstd decompress": zstd.decompress,
    "pyzstd decompress": pyzstd.decompress,
}
for name, read in ways.items():
    told = []
    for path in "plain.zst", "chunked.zst":
        with open(path, "rb") as file:
            layer = file.read()
        try:
            content = read(layer)
            told.append("whole" if content == archive else f"{len(content)} bytes")
        except zstandard.ZstdError:
            told.append("ZstdError")
    print(f"{name}: {' / '.join(told)}")
PY
go mod init example.org/finding >log 2>&1
go get github.com/containerd/stargz-snapshotter/estargz@v0.19.1 >>log 2>&1 || { cat log; exit 2; }
go build -o build . >>log 2>&1 || { cat log; exit 2; }
./build
zstd -qdc chunked.zst >archive
zstd -q archive -o plain.zst
python3 -m venv python
python/bin/pip install -q zstandard==0.25.0 zstd==1.5.7.2 pyzstd==0.20.0 >log 2>&1 || { cat log; exit 2; }
seen=$(
  echo 'a layer of zstd / of zstd:chunked:'
  python/bin/python read.py
)
echo "$seen"
[ "$seen" = 'a layer of zstd / of zstd:chunked:
zstandard stream_reader: whole / whole
zstandard copy_stream: whole / whole
zstandard read_to_iter: whole / 512 bytes
zstandard decompress: whole / ZstdError
zstandard decompress with a size: whole / 512 bytes
zstd decompress: whole / 512 bytes
pyzstd decompress: whole / whole' ]
