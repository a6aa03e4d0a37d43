#!/usr/bin/env bash
# For one platform and one index crane and oras take another image than containerd: the first that fits, not the one that fits best.
#
# Versions   github.com/google/go-containerregistry/cmd/crane v0.22.1 (also the registry), oras.land/oras/cmd/oras v1.3.6,
#            github.com/regclient/regclient/cmd/regctl v0.11.7, github.com/containerd/containerd/v2 v2.4.2,
#            go.podman.io/image/v5 v5.42.1 (what podman and skopeo choose by), Go 1.26.7 or later.
# Expected   `linux/amd64` is what runs on every such processor, a variant more than asked for does not count as it; a variant that
#            an index lacks is replaced by the best below it; and an entry without `platform`, which the specification
#            lets be, is told by its config. The order of the entries decides between equals alone.
# Seen       crane and oras take a variant that was not asked for as no difference, and the first entry then: of an index that
#            lists amd64/v3 before amd64 they get for linux/amd64 what an older processor cannot run, and for
#            linux/arm, where the others mean v7, the v5 that stands before it. A variant that was asked for has to be there
#            literally: arm64/v8 is not found where arm64 is, which is the same. Without `platform` crane takes every entry for
#            linux/amd64, podman's library takes the first for whatever is asked, containerd looks into the config of the first
#            alone, and the other two see none. Each of them ends with 0 on what it takes.
# Matters    What one client mirrored or tried with --platform is not what a node runs that asked for the same.
# Output     asked for      the index has            crane      oras       regctl     containerd podman
#            linux/amd64    amd64/v3 amd64           amd64/v3   amd64/v3   amd64      amd64      amd64
#            linux/arm      arm/v5 arm/v7            arm/v5     arm/v5     arm/v7     arm/v7     arm/v7
#            linux/arm64/v8 arm64                    -          -          arm64      arm64      arm64
#            linux/amd64/v3 amd64 amd64/v2           -          -          amd64/v2   amd64/v2   amd64
#            linux/amd64    (arm64)                  arm64      -          -          -          arm64
#            linux/arm64    (arm64)                  -          -          -          arm64      arm64
#            linux/arm64    (amd64) (arm64)          -          -          -          -          amd64
set -euo pipefail
folder=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
registry=127.0.0.1:15979
for command in github.com/google/go-containerregistry/cmd/crane@v0.22.1 oras.land/oras/cmd/oras@v1.3.6 \
  github.com/regclient/regclient/cmd/regctl@v0.11.7; do
  GOBIN=$folder go install "$command" 2>log || { cat log; exit 2; }
done
export GOFLAGS=-mod=mod
cat >main.go <<'GO'
// Pushes an index of images, which has their platforms or leaves them out, and says what two libraries choose from it.
package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/core/images"
	"github.com/containerd/platforms"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"go.podman.io/image/v5/manifest"
	podman "go.podman.io/image/v5/types"
)

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

type blobs map[digest.Digest][]byte

type reader struct{ *bytes.Reader }

func (reader) Close() error { return nil }

func (b blobs) ReaderAt(_ context.Context, d ocispec.Descriptor) (content.ReaderAt, error) {
	return reader{bytes.NewReader(b[d.Digest])}, nil
}

func image(p *v1.Platform) v1.Image {
	config := &v1.ConfigFile{OS: p.OS, Architecture: p.Architecture, Variant: p.Variant, RootFS: v1.RootFS{Type: "layers", DiffIDs: []v1.Hash{}}}
	typed := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	return must(mutate.ConfigFile(typed, config))
}

func main() {
	reference, asked := os.Args[1], os.Args[2]
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	held, byManifest, byConfig := blobs{}, map[string]string{}, map[string]string{}
	for _, entry := range os.Args[3:] {
		title := strings.Trim(entry, "()")
		p := must(v1.ParsePlatform("linux/" + title))
		one := image(p)
		manifestOf, configOf := must(one.Digest()).String(), must(one.ConfigName()).String()
		held[digest.Digest(manifestOf)], held[digest.Digest(configOf)] = must(one.RawManifest()), must(one.RawConfigFile())
		byManifest[manifestOf], byConfig[configOf] = title, title
		added := mutate.IndexAddendum{Add: one}
		if title == entry {
			added.Platform = p
		}
		index = mutate.AppendManifests(index, added)
		fmt.Println(manifestOf, title)
	}
	if err := remote.WriteIndex(must(name.ParseReference(reference)), index); err != nil {
		panic(err)
	}

	raw := must(index.RawManifest())
	top := ocispec.Descriptor{MediaType: ocispec.MediaTypeImageIndex, Digest: digest.FromBytes(raw), Size: int64(len(raw))}
	held[top.Digest] = raw
	chosen := "-"
	if m, err := images.Manifest(context.Background(), held, top, platforms.Only(must(platforms.Parse(asked)))); err == nil {
		chosen = byConfig[m.Config.Digest.String()]
	}
	fmt.Println("containerd", chosen)

	parts := append(strings.Split(asked, "/"), "")
	chosen = "-"
	list := must(manifest.ListFromBlob(raw, ocispec.MediaTypeImageIndex))
	wanted := &podman.SystemContext{OSChoice: parts[0], ArchitectureChoice: parts[1], VariantChoice: parts[2]}
	if d, err := list.ChooseInstance(wanted); err == nil {
		chosen = byManifest[d.String()]
	}
	fmt.Println("podman", chosen)
}
GO
(go mod init example.org/finding && go get github.com/google/go-containerregistry@v0.22.1 github.com/containerd/containerd/v2@v2.4.2 \
  go.podman.io/image/v5@v5.42.1 && go mod tidy && go build -tags containers_image_openpgp -o choose .) >log 2>&1 || { cat log; exit 2; }
export HOME=$folder
./crane registry serve --address "$registry" >log 2>&1 &
until curl -sf -o /dev/null "http://$registry/v2/"; do sleep 0.1; done
./regctl registry set --tls disabled "$registry"

line() { printf '%-14s %-24s %-10s %-10s %-10s %-10s %s\n' "$@" | sed 's/ *$//'; }
# row PLATFORM ENTRY...: what each takes of an index of these; one in brackets has no platform in the index.
row() {
  local asked=$1 of reference
  shift
  reference=$registry/app:$(echo "$asked $*" | tr -c 'a-z0-9\n' -)
  of=$(./choose "$reference" "$asked" "$@")
  named() { local found; found=$(grep -o 'sha256:[0-9a-f]*' | tail -1) && echo "$of" | sed -n "s/^$found //p" | grep . || echo -; }
  line "$asked" "$*" "$(./crane digest --platform "$asked" "$reference" 2>log | named)" \
    "$(./oras resolve --plain-http --platform "$asked" "$reference" 2>log | named)" \
    "$(./regctl image digest --platform "$asked" "$reference" 2>log | named)" \
    "$(echo "$of" | sed -n 's/^containerd //p')" "$(echo "$of" | sed -n 's/^podman //p')"
}
seen=$(
  line 'asked for' 'the index has' crane oras regctl containerd podman
  row linux/amd64 amd64/v3 amd64
  row linux/arm arm/v5 arm/v7
  row linux/arm64/v8 arm64
  row linux/amd64/v3 amd64 amd64/v2
  row linux/amd64 '(arm64)'
  row linux/arm64 '(arm64)'
  row linux/arm64 '(amd64)' '(arm64)'
)
echo "$seen"
[ "$seen" = 'asked for      the index has            crane      oras       regctl     containerd podman
linux/amd64    amd64/v3 amd64           amd64/v3   amd64/v3   amd64      amd64      amd64
linux/arm      arm/v5 arm/v7            arm/v5     arm/v5     arm/v7     arm/v7     arm/v7
linux/arm64/v8 arm64                    -          -          arm64      arm64      arm64
linux/amd64/v3 amd64 amd64/v2           -          -          amd64/v2   amd64/v2   amd64
linux/amd64    (arm64)                  arm64      -          -          -          arm64
linux/arm64    (arm64)                  -          -          -          arm64      arm64
linux/arm64    (amd64) (arm64)          -          -          -          -          amd64' ]
