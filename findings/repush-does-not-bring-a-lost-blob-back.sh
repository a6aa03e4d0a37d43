#!/usr/bin/env bash
# Pushing an image again does not bring a lost layer back: crane and regctl say that it worked, and oras can never do it.
#
# Versions   github.com/google/go-containerregistry/cmd/crane v0.22.1, github.com/regclient/regclient/cmd/regctl v0.11.7,
#            oras.land/oras/cmd/oras v1.3.6, github.com/distribution/distribution/v3/cmd/registry v3.1.2, Go 1.24 or later.
# Expected   A push asks for each blob and uploads what is not there; so when a layer is gone from the registry (a collection
#            gone wrong, a rule of the object store), whoever still has the image pushes it once more, and all is well.
# Seen       All three ask for the manifest first and take it, when it is there, for all below it. crane and regctl end with
#            0 and the layer stays 404; under a tag that is not there yet they upload it. oras asks by digest, so that a new
#            tag does not help either: it uploads nothing, and the registry refuses the manifest for the blob that it lacks.
# Matters    The repair that everybody tries first is reported as done while every pull still fails.
# Output     crane: first 0 200, same tag 0 404, other tag 0 200
#            regctl: first 0 200, same tag 0 404, other tag 0 200
#            oras: first 0 200, same tag 1 404, other tag 1 404
set -euo pipefail
folder=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
port=15987
for command in github.com/google/go-containerregistry/cmd/crane@v0.22.1 github.com/regclient/regclient/cmd/regctl@v0.11.7 \
  oras.land/oras/cmd/oras@v1.3.6 github.com/distribution/distribution/v3/cmd/registry@v3.1.2; do
  GOBIN=$folder go install "$command" 2>log || { cat log; exit 2; }
done
export HOME=$folder
cat >config.yml <<CONFIG
version: 0.1
log: {level: error, accesslog: {disabled: true}}
storage: {inmemory: {}, delete: {enabled: true}}
http: {addr: "127.0.0.1:$port"}
CONFIG
./registry serve config.yml >log 2>&1 &
registry=127.0.0.1:$port
until curl -sf -o /dev/null "http://$registry/v2/"; do sleep 0.1; done
./regctl registry set --skip-check --tls disabled "$registry" 2>log

echo one >one
tar -czf one.tar.gz one
./crane append --oci-empty-base -f one.tar.gz -t "$registry/source:v1" >log 2>&1
./crane pull --format oci "$registry/source:v1" layout 2>log
manifest=$(./crane digest "$registry/source:v1")
layer=sha256:$(sha256sum one.tar.gz | cut -d' ' -f1)

push() {
  case $1 in
    crane) ./crane push layout "$registry/$1:$2" ;;
    regctl) ./regctl image copy "ocidir://layout@$manifest" "$registry/$1:$2" ;;
    oras) ./oras copy --to-plain-http --from-oci-layout "layout@$manifest" "$registry/$1:$2" ;;
  esac >log 2>&1
}
again() {
  local code=0
  push "$1" "$2" || code=$?
  echo "$code $(curl -sS -o /dev/null -w '%{http_code}' "http://$registry/v2/$1/blobs/$layer")"
}
seen=$(
  for tool in crane regctl oras; do
    first=$(again "$tool" v1)
    curl -sSf -o /dev/null -X DELETE "http://$registry/v2/$tool/blobs/$layer"
    echo "$tool: first $first, same tag $(again "$tool" v1), other tag $(again "$tool" v2)"
  done
)
echo "$seen"
[ "$seen" = 'crane: first 0 200, same tag 0 404, other tag 0 200
regctl: first 0 200, same tag 0 404, other tag 0 200
oras: first 0 200, same tag 1 404, other tag 1 404' ]
