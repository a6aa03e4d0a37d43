#!/usr/bin/env bash
# `oras cp` of an SBOM takes the image that it is about along, with all layers, and fails where that image is not.
#
# Versions   oras.land/oras/cmd/oras v1.3.6, github.com/google/go-containerregistry/cmd/crane v0.22.1 (also the registry),
#            github.com/regclient/regclient/cmd/regctl v0.11.7, Go 1.26.7 or later.
# Expected   What is copied by its digest is that manifest and the blobs it lists; `--recursive` adds what refers to it, and is
#            not given. `subject` is a weak reference: a registry has to take a manifest whose subject it does not have (OCI distribution,
#            Pushing Manifests with Subject), so that an SBOM alone is whole.
# Seen       oras counts the subject among what a manifest is made of: a copy of the SBOM into a folder holds the image, and so
#            does another repository. Where the subject is absent the copy ends with 1, "not found" for a digest that nobody
#            named, while `oras pull` gets the SBOM from there. crane and regctl copy the manifest and its two blobs in
#            both cases.
# Matters    A job that collects signatures and SBOMs of many images moves and stores the images, some bytes become
#            gigabytes; and from a repository that was made for SBOMs alone, or after an image was deleted, oras cannot copy at all.
# Output     oras: the image comes along, in a folder 3 MB; without the image ends with 1
#            crane: the SBOM alone, in a folder 0 MB; without the image ends with 0
#            regctl: the SBOM alone, in a folder 0 MB; without the image ends with 0
#            oras pull without the image ends with 0
set -euo pipefail
folder=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
registry=127.0.0.1:15978
for command in oras.land/oras/cmd/oras@v1.3.6 github.com/google/go-containerregistry/cmd/crane@v0.22.1 \
  github.com/regclient/regclient/cmd/regctl@v0.11.7; do
  GOBIN=$folder go install "$command" 2>log || { cat log; exit 2; }
done
export HOME=$folder
./crane registry serve --address "$registry" >log 2>&1 &
until curl -sf -o /dev/null "http://$registry/v2/"; do sleep 0.1; done
./regctl registry set --tls disabled "$registry"

head -c 3000000 /dev/urandom >file
tar -cf layer.tar file
image=$(./crane append -f layer.tar -t "$registry/app:v1" 2>log)
echo 'what is in it' >sbom
sbom=$(./oras attach --plain-http --artifact-type application/vnd.example.sbom --format 'go-template={{.digest}}' "$image" sbom:text/plain 2>log)
./crane copy "$registry/app@$sbom" "$registry/alone:sbom" 2>log

code() { local code=0; "$@" >log 2>&1 || code=$?; echo "$code"; }
# copy TOOL FROM TO, into TOOL FROM: the same by each tool, to a repository and into a folder.
copy() {
  case $1 in
    oras) ./oras cp --from-plain-http --to-plain-http "$2" "$3" ;;
    crane) ./crane copy "$2" "$3" ;;
    regctl) ./regctl image copy "$2" "$3" ;;
  esac
}
into() {
  case $1 in
    oras) ./oras cp --from-plain-http --to-oci-layout "$2" "$1-folder:sbom" ;;
    crane) ./crane pull --format oci "$2" "$1-folder" ;;
    regctl) ./regctl image copy "$2" "ocidir://$1-folder:sbom" ;;
  esac
}
seen=$(
  for tool in oras crane regctl; do
    copy "$tool" "$registry/app@$sbom" "$registry/$tool:sbom" >log 2>&1
    if ./crane manifest "$registry/$tool@${image#*@}" >log 2>&1; then what='the image comes along'; else what='the SBOM alone'; fi
    into "$tool" "$registry/app@$sbom" >log 2>&1
    bytes=$(cat "$tool-folder"/blobs/sha256/* | wc -c)
    echo "$tool: $what, in a folder $((bytes / 1000000)) MB; without the image ends with $(code copy "$tool" "$registry/alone:sbom" "$registry/$tool-alone:sbom")"
  done
  echo "oras pull without the image ends with $(code ./oras pull --plain-http --output pulled "$registry/alone:sbom")"
)
echo "$seen"
[ "$seen" = 'oras: the image comes along, in a folder 3 MB; without the image ends with 1
crane: the SBOM alone, in a folder 0 MB; without the image ends with 0
regctl: the SBOM alone, in a folder 0 MB; without the image ends with 0
oras pull without the image ends with 0' ]
