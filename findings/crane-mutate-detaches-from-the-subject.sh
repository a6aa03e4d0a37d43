#!/usr/bin/env bash
# `crane mutate` on something that is attached to an image detaches it: the new manifest has no `subject` any more.
#
# Versions   github.com/google/go-containerregistry/cmd/crane v0.22.1, github.com/regclient/regclient/cmd/regctl v0.11.7,
#            oras.land/oras/cmd/oras v1.3.6, Go 1.24 or later.
# Expected   A command that sets one annotation leaves the rest of the manifest as it is: crane knows `subject` and keeps
#            `artifactType`, layers and the other annotations.
# Seen       After `crane mutate --annotation` the manifest has its artifactType and its layer, and no subject; the command
#            ends with 0. `regctl image mod --annotation` keeps the subject. crane's library sets the subject of a changed
#            image from what the caller has asked for, which here is nothing.
# Matters    An SBOM or an attestation that is given a note is listed for no image from then on, though a look at what it holds
#            finds all of it.
# Output     crane mutate: ends with 0, artifactType 1, layers 1, subject 0
#            regctl image mod: ends with 0, artifactType 1, layers 1, subject 1
set -euo pipefail
folder=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
port=15997
for command in github.com/google/go-containerregistry/cmd/crane@v0.22.1 github.com/regclient/regclient/cmd/regctl@v0.11.7 \
  oras.land/oras/cmd/oras@v1.3.6; do
  GOBIN=$folder go install "$command" 2>log || { cat log; exit 2; }
done
export HOME=$folder
./crane registry serve --address "127.0.0.1:$port" >log 2>&1 &
repository=127.0.0.1:$port/app
until curl -s -o /dev/null "http://127.0.0.1:$port/v2/"; do sleep 0.1; done
./regctl registry set --skip-check --tls disabled "127.0.0.1:$port" 2>log

type=application/vnd.example.sbom
echo content >content
echo 'what is in it' >sbom
./oras push --plain-http --artifact-type application/vnd.example "$repository:v1" content >log 2>&1
attached=$(./oras attach --plain-http --artifact-type "$type" "$repository:v1" sbom | sed -n 's/^Digest: //p')

changed() {
  local tag=$1 code=0 manifest
  shift
  "$@" >log 2>&1 || code=$?
  manifest=$(./crane manifest "$repository:$tag")
  count() { grep -o "$1" <<<"$manifest" | wc -l; }
  echo "ends with $code, artifactType $(count "\"artifactType\":\"$type\""), layers $(count '"org.opencontainers.image.title":"sbom"'), subject $(count '"subject":')"
}
seen=$(
  echo "crane mutate: $(changed by-crane ./crane mutate --annotation note=1 "$repository@$attached" -t "$repository:by-crane")"
  echo "regctl image mod: $(changed by-regctl ./regctl image mod --annotation note=1 "$repository@$attached" --create by-regctl)"
)
echo "$seen"
[ "$seen" = 'crane mutate: ends with 0, artifactType 1, layers 1, subject 0
regctl image mod: ends with 0, artifactType 1, layers 1, subject 1' ]
