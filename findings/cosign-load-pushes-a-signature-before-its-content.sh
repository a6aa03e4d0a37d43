#!/usr/bin/env bash
# `cosign load` pushes the manifest of a signature before what it lists: a registry that checks gets the image and no signature.
#
# Versions   github.com/sigstore/cosign/v3/cmd/cosign v3.1.3, github.com/google/go-containerregistry/cmd/crane v0.22.1 (also a
#            registry), github.com/distribution/distribution/v3/cmd/registry v3.1.2, Go 1.26 or later.
# Expected   What `cosign save` has written `cosign load` brings back, so that the signature is good at the other end; blobs come
#            first, then the manifest that lists them, since a registry may refuse one that lists what it does not have (OCI
#            distribution, Pushing Manifests).
# Seen       The image is pushed, and under the tag; then the manifest of the signature, then its bundle. The registry of
#            distribution answers MANIFEST_BLOB_UNKNOWN, `cosign load` ends with 1, and again when it is repeated: the bundle is
#            never sent. The registry of crane, which checks nothing, takes it all, and there the signature is good.
# Matters    Saving and loading is the way over a gap, and the one that `cosign copy` names now that it is deprecated. It passes in
#            tests with a small registry and fails at the real one, after the unsigned image is there under its tag.
# Output     distribution: load ends with 1, MANIFEST_BLOB_UNKNOWN; again 1; the image is there, verify ends with 10
#            crane: load ends with 0; again 0; the image is there, verify ends with 0
set -euo pipefail
folder=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
strict=127.0.0.1:15976
lax=127.0.0.1:15977
for command in github.com/sigstore/cosign/v3/cmd/cosign@v3.1.3 github.com/google/go-containerregistry/cmd/crane@v0.22.1 \
  github.com/distribution/distribution/v3/cmd/registry@v3.1.2; do
  GOBIN=$folder go install "$command" 2>log || { cat log; exit 2; }
done
cat >config.yml <<CONFIG
version: 0.1
log: {level: error, accesslog: {disabled: true}}
storage: {inmemory: {}}
http: {addr: "$strict"}
CONFIG
export HOME=$folder COSIGN_PASSWORD=
./registry serve config.yml >log 2>&1 &
./crane registry serve --address "$lax" >log 2>&1 &
for registry in "$strict" "$lax"; do until curl -sf -o /dev/null "http://$registry/v2/"; do sleep 0.1; done; done
./cosign generate-key-pair >log 2>&1
echo content >file
tar -cf layer.tar file

code() { local code=0; "$@" >log 2>&1 || code=$?; echo "$code"; }
verify() { code ./cosign verify --allow-http-registry --key cosign.pub --insecure-ignore-tlog "$1"; }
load() { code ./cosign load --allow-http-registry --dir saved "$1"; }
image=$(./crane append -f layer.tar -t "$lax/app:v1" 2>log)
./cosign sign --allow-http-registry --yes --key cosign.key --use-signing-config=false --tlog-upload=false "$image" >log 2>&1
[ "$(verify "$image")" = 0 ]
./cosign save --allow-http-registry --dir saved "$image" >log 2>&1
seen=$(
  for registry in "distribution $strict" "crane $lax"; do
    to=${registry#* }/loaded:v1
    ended=$(load "$to")
    why=$(grep -aom1 'MANIFEST_BLOB_UNKNOWN' log || true)
    again=$(load "$to")
    if [ "$(./crane digest "$to")" = "${image#*@}" ]; then there='there'; else there='not there'; fi
    echo "${registry% *}: load ends with $ended${why:+, $why}; again $again; the image is $there, verify ends with $(verify "$to")"
  done
)
echo "$seen"
[ "$seen" = 'distribution: load ends with 1, MANIFEST_BLOB_UNKNOWN; again 1; the image is there, verify ends with 10
crane: load ends with 0; again 0; the image is there, verify ends with 0' ]
