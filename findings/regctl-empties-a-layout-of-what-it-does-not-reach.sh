#!/usr/bin/env bash
# When regctl writes anything into an OCI layout it deletes every blob there that no image uses yet, also those of others.
#
# Versions   oras.land/oras/cmd/oras v1.3.6, github.com/regclient/regclient/cmd/regctl v0.11.7, Go 1.24 or later.
# Expected   A layout is a store as a registry is: a blob that has been pushed stays until somebody collects garbage, and a
#            command that only adds a name takes nothing away.
# Seen       `oras blob push` puts a blob into the layout; `regctl image copy` of an image there to a second name removes it
#            without a word, as it does with what hangs below an entry of a media type that it does not know, which the
#            specification lets stand in index.json. `oras manifest push` then takes the manifest all the same, and the
#            layout holds an image that cannot be pulled.
# Matters    An artifact that is put together step by step, or two jobs on one folder: the loss shows where it is read, and
#            the command that caused it named another image.
# Output     pushed blob: before there, after gone
#            below an unknown type: before there, after gone
#            of the image itself: before there, after there
#            oras manifest push 0, oras pull 1
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
for command in oras.land/oras/cmd/oras@v1.3.6 github.com/regclient/regclient/cmd/regctl@v0.11.7; do
  GOBIN=$folder go install "$command" 2>log || { cat log; exit 2; }
done
export HOME=$folder

# name FILE: its digest; describe TYPE FILE: a descriptor of it.
name() { echo "sha256:$(sha256sum "$1" | cut -d' ' -f1)"; }
describe() { echo "{\"mediaType\":\"$1\",\"digest\":\"$(name "$2")\",\"size\":$(stat -c %s "$2"),\"annotations\":{\"org.opencontainers.image.title\":\"$2\"}}"; }
for file in content staged part; do echo "$file" >"$file"; done
./oras push --oci-layout layout:v1 --artifact-type application/vnd.example content >log 2>&1
./oras blob push --oci-layout "layout@$(name staged)" staged >log 2>&1

echo "{\"parts\":[$(describe application/vnd.example.part part)]}" >list
for file in part list; do cp "$file" "layout/blobs/sha256/$(name "$file" | cut -d: -f2)"; done
sed -i "s|\"manifests\":\\[|&$(describe application/vnd.example.list list),|" layout/index.json

state() { if [ -e "layout/blobs/sha256/$(name "$1" | cut -d: -f2)" ]; then echo there; else echo gone; fi; }
before="$(state staged) $(state part) $(state content)"
./regctl image copy ocidir://layout:v1 ocidir://layout:v2 >log 2>&1
after="$(state staged) $(state part) $(state content)"
printf '{}' >empty
config=$(describe application/vnd.oci.empty.v1+json empty)
printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","artifactType":"%s","config":%s,"layers":[%s]}' \
  application/vnd.example "$config" "$(describe application/octet-stream staged)" >manifest
code() { local code=0; "$@" >log 2>&1 || code=$?; echo "$code"; }
seen=$(
  place=1
  for what in 'pushed blob' 'below an unknown type' 'of the image itself'; do
    echo "$what: before $(cut -d' ' -f$place <<<"$before"), after $(cut -d' ' -f$place <<<"$after")"
    place=$((place + 1))
  done
  echo "oras manifest push $(code ./oras manifest push --oci-layout layout:new manifest), oras pull $(code ./oras pull --oci-layout -o out layout:new)"
)
echo "$seen"
[ "$seen" = 'pushed blob: before there, after gone
below an unknown type: before there, after gone
of the image itself: before there, after there
oras manifest push 0, oras pull 1' ]
