#!/usr/bin/env bash
# `regctl image mod` makes a layer anew and leaves the annotation of eStargz on it, which then vouches for a table that is gone.
#
# Versions   github.com/regclient/regclient/cmd/regctl v0.11.7, github.com/google/go-containerregistry/cmd/crane v0.22.1 (the
#            registry, and `crane append`), github.com/containerd/stargz-snapshotter/estargz v0.19.1, Go 1.24 or later,
#            Python 3.11 or later.
# Expected   Annotations on a layer's descriptor that speak of its bytes go when other bytes are put in its place, as its digest,
#            size and media type do; or the layer is made in the same format again, with a new digest of its table.
# Seen       Another compression, a file taken out, other times: the layer is a plain archive without a table of contents, its
#            descriptor has a new digest, and `containerd.io/snapshot/stargz/toc.digest` says what it said before. All of that
#            ends with 0. Without a change of the layer it stays true.
# Matters    The annotation is how a node knows that it may mount the layer at once and fetch files as they are read, and by what
#            it may trust the table. It tries that on each such layer, fails, and pulls the whole; admission rules that ask for
#            the annotation are satisfied.
# Output     as it was made: gzip, the annotation is true
#            image mod --annotation: gzip, the annotation is true
#            image mod --layer-compress zstd: zstd, the annotation is there, no table
#            image mod --layer-strip-file: gzip, the annotation is there, no table
#            image mod --layer-time: gzip, the annotation is there, no table
set -euo pipefail
folder=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
registry=127.0.0.1:15986
for command in github.com/regclient/regclient/cmd/regctl@v0.11.7 github.com/google/go-containerregistry/cmd/crane@v0.22.1; do
  GOBIN=$folder go install "$command" 2>log || { cat log; exit 2; }
done
mkdir program
cat >program/main.go <<'GO'
// Makes an archive an eStargz layer (`program make ARCHIVE LAYER`), or says whether a layer has the table of contents that
// a digest names (`program verify LAYER DIGEST`).
package main

import (
	"fmt"
	"io"
	"os"

	"github.com/containerd/stargz-snapshotter/estargz"
	"github.com/opencontainers/go-digest"
)

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func open(path string) *io.SectionReader {
	file := must(os.Open(path))
	return io.NewSectionReader(file, 0, must(file.Stat()).Size())
}

func main() {
	if os.Args[1] == "make" {
		layer := must(estargz.Build(open(os.Args[2])))
		must(io.Copy(must(os.Create(os.Args[3])), layer))
		fmt.Println(layer.TOCDigest())
		return
	}
	layer, err := estargz.Open(open(os.Args[2]))
	if err != nil {
		fmt.Println("the annotation is there, no table")
		return
	}
	if _, err := layer.VerifyTOC(digest.Digest(os.Args[3])); err != nil {
		fmt.Println("the annotation is of another table")
		return
	}
	fmt.Println("the annotation is true")
}
GO
(cd program && go mod init example.org/program && go get github.com/containerd/stargz-snapshotter/estargz@v0.19.1 &&
  go build -o ../estargz .) >log 2>&1 || { cat log; exit 2; }
export HOME=$folder
./crane registry serve --address "$registry" >log 2>&1 &
until curl -sf -o /dev/null "http://$registry/v2/"; do sleep 0.1; done
./regctl registry set --tls disabled "$registry"

mkdir files
seq 1 20000 >files/kept
seq 1 3000 >files/left
tar -C files -cf archive.tar kept left
toc=$(./estargz make archive.tar layer.tgz)
./crane append --oci-empty-base -f layer.tgz -t "$registry/app:plain" >log 2>&1
./crane manifest "$registry/app:plain" | python3 -c '
import json, sys
manifest = json.load(sys.stdin)
manifest["layers"][0]["annotations"] = {"containerd.io/snapshot/stargz/toc.digest": sys.argv[1]}
json.dump(manifest, sys.stdout)' "$toc" >manifest
curl -sSf -o log -X PUT -H 'Content-Type: application/vnd.oci.image.manifest.v1+json' --data-binary @manifest \
  "http://$registry/v2/app/manifests/made"

# told: the compression of the layer, and whether its annotation is true.
told() {
  local type digest annotation
  read -r type digest annotation < <(./crane manifest "$registry/app:$1" | python3 -c '
import json, sys
layer = json.load(sys.stdin)["layers"][0]
print(layer["mediaType"].rsplit("+")[-1], layer["digest"],
      layer.get("annotations", {}).get("containerd.io/snapshot/stargz/toc.digest", ""))')
  curl -sSf -o blob "http://$registry/v2/app/blobs/$digest"
  if [ -z "$annotation" ]; then echo "$type, no annotation"; else echo "$type, $(./estargz verify blob "$annotation")"; fi
}
mod() {
  ./regctl image mod "$registry/app:made" --create "$registry/app:changed" "$@" >log 2>&1
  echo "image mod $1${said:+ $said}: $(told changed)"
}
seen=$(
  echo "as it was made: $(told made)"
  mod --annotation org.example.note=mine
  said=zstd mod --layer-compress zstd
  mod --layer-strip-file left
  mod --layer-time set=2021-02-03T04:05:06Z
)
echo "$seen"
[ "$seen" = 'as it was made: gzip, the annotation is true
image mod --annotation: gzip, the annotation is true
image mod --layer-compress zstd: zstd, the annotation is there, no table
image mod --layer-strip-file: gzip, the annotation is there, no table
image mod --layer-time: gzip, the annotation is there, no table' ]
