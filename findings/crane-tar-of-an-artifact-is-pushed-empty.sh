#!/usr/bin/env bash
# An artifact that goes through the tar of `crane pull` is pushed without its content, and both commands say that it worked.
#
# Versions   github.com/google/go-containerregistry/cmd/crane v0.22.1, oras.land/oras/cmd/oras v1.3.6, Go 1.24 or later.
# Expected   The tar is made for images; an artifact is refused by one of the commands, as crane does say of a config without
#            `diff_ids` that it may describe no image, or it arrives with its layers.
# Seen       `crane pull` writes the layer into the tar. Where it is a gzip file, `crane push` refuses the tar, for the
#            config has no `diff_ids`. Where it is plain text, `crane push` ends with 0, and the manifest that it has pushed has
#            no layers, and no type: layers that are not compressed are made from the `diff_ids`, and nobody asks whether
#            there are as many. By `--format oci` the artifact arrives as it was.
# Matters    SBOMs, policies and signatures are such plain layers; carried over a gap with the tool that moves the images
#            they are empty on the other side, and each step was green.
# Output     gzip: in the tar 1, push ends with 1
#            text: in the tar 1, push ends with 0, empty list of layers 1, type 0
#            before: empty list of layers 0, type 1
#            text by --format oci: push ends with 0, the same manifest
set -euo pipefail
folder=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
port=15996
for command in github.com/google/go-containerregistry/cmd/crane@v0.22.1 oras.land/oras/cmd/oras@v1.3.6; do
  GOBIN=$folder go install "$command" 2>log || { cat log; exit 2; }
done
export HOME=$folder
./crane registry serve --address "127.0.0.1:$port" >log 2>&1 &
repository=127.0.0.1:$port/app
until curl -s -o /dev/null "http://127.0.0.1:$port/v2/"; do sleep 0.1; done

type=application/vnd.example.sbom
echo 'what is in it' >text
gzip -k text
mv text.gz gzip
for layer in text gzip; do ./oras push --plain-http --artifact-type "$type" "$repository:$layer" "$layer:application/json" >log 2>&1; done

code() { local code=0; "$@" >log 2>&1 || code=$?; echo "$code"; }
through() {
  ./crane pull "$repository:$1" "$1.tar" 2>log
  echo "in the tar $(tar -tf "$1.tar" | grep -c '^[0-9a-f]\{64\}'), push ends with $(code ./crane push "$1.tar" "$repository:$1-again")"
}
# has TAG TEXT: how often the manifest has it.
has() { ./crane manifest "$repository:$1" | tr -d ' \n' | grep -oF "$2" | wc -l; }
seen=$(
  echo "gzip: $(through gzip)"
  echo "text: $(through text), empty list of layers $(has text-again '"layers":[]'), type $(has text-again "$type")"
  echo "before: empty list of layers $(has text '"layers":[]'), type $(has text "$type")"
  ./crane pull --format oci "$repository:text" layout 2>log
  pushed=$(code ./crane push layout "$repository:by-layout")
  if [ "$(./crane digest "$repository:text")" = "$(./crane digest "$repository:by-layout")" ]; then same='the same manifest'; else same='another manifest'; fi
  echo "text by --format oci: push ends with $pushed, $same"
)
echo "$seen"
[ "$seen" = 'gzip: in the tar 1, push ends with 1
text: in the tar 1, push ends with 0, empty list of layers 1, type 0
before: empty list of layers 0, type 1
text by --format oci: push ends with 0, the same manifest' ]
