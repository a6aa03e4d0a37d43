#!/usr/bin/env bash
# `cosign clean` of signatures takes the list of all that is attached away: the SBOMs of others are there still, and found no more.
#
# Versions   github.com/sigstore/cosign/v3/cmd/cosign v3.1.3, github.com/google/go-containerregistry/cmd/crane v0.22.1,
#            oras.land/oras/cmd/oras v1.3.6, github.com/regclient/regclient/cmd/regctl v0.11.7,
#            github.com/distribution/distribution/v3/cmd/registry v3.1.2, Go 1.26.7 or later, curl 7.88 or later.
# Expected   `cosign clean --type referrer` "will remove all referrer attestations and/or signatures from the image", as it says
#            before it does so: what refers to the image and is neither, such as an SBOM that oras attached, stays attached.
# Seen       Where the registry has no referrers API, what is attached stands in one list, an index under a tag. cosign deletes its
#            own signature, and before it this index, as if it were one more. It ends with 0; then nothing refers to the image. The SBOM
#            can be pulled by its digest, which nothing names any more. `oras manifest delete`, and regctl's with --referrers, delete
#            the signature and keep the list for the rest.
# Matters    A job that takes old signatures away before it signs anew takes the SBOMs and scans of other teams out of sight; the next
#            collection of garbage may take them away for good.
# Output     attached 2, of these SBOMs 1
#            cosign clean ends with 0: attached 0, of these SBOMs 0; the SBOM by its digest 200
#            oras deletes the signature: attached 1, of these SBOMs 1
#            regctl deletes the signature: attached 1, of these SBOMs 1
set -euo pipefail
folder=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
registry=127.0.0.1:15975
for command in github.com/sigstore/cosign/v3/cmd/cosign@v3.1.3 github.com/google/go-containerregistry/cmd/crane@v0.22.1 \
  oras.land/oras/cmd/oras@v1.3.6 github.com/regclient/regclient/cmd/regctl@v0.11.7 \
  github.com/distribution/distribution/v3/cmd/registry@v3.1.2; do
  GOBIN=$folder go install "$command" 2>log || { cat log; exit 2; }
done
cat >config.yml <<CONFIG
version: 0.1
log: {level: error, accesslog: {disabled: true}}
storage: {inmemory: {}, delete: {enabled: true}}
http: {addr: "$registry"}
CONFIG
export HOME=$folder COSIGN_PASSWORD=
./registry serve config.yml >log 2>&1 &
until curl -sf -o /dev/null "http://$registry/v2/"; do sleep 0.1; done
./regctl registry set --tls disabled "$registry"
./cosign generate-key-pair >log 2>&1
echo content >file
tar -cf layer.tar file
echo 'what is in it' >sbom

type=application/vnd.example.sbom
types() { ./regctl artifact list "$1" --format '{{range .Descriptors}}{{println .ArtifactType .Digest}}{{end}}' 2>log | sed '/^ *$/d'; }
told() { echo "attached $(types "$1" | wc -l), of these SBOMs $(types "$1" | grep -c "$type" || true)"; }
# attach NAME: pushes an image with a signature and an SBOM.
attach() {
  image=$(./crane append -f layer.tar -t "$registry/$1:v1" 2>log)
  ./cosign sign --allow-http-registry --yes --key cosign.key --use-signing-config=false --tlog-upload=false "$image" >log 2>&1
  sbom=$(./oras attach --plain-http --artifact-type "$type" --format 'go-template={{.digest}}' "$image" sbom:text/plain 2>log)
}
seen=$(
  attach cleaned
  told "$image"
  ended=0
  ./cosign clean --allow-http-registry --force --type referrer "$image" >log 2>&1 || ended=$?
  by_digest=$(curl -sS -o /dev/null -w '%{http_code}' -I -H 'Accept: application/vnd.oci.image.manifest.v1+json' \
    "http://$registry/v2/cleaned/manifests/$sbom")
  echo "cosign clean ends with $ended: $(told "$image"); the SBOM by its digest $by_digest"
  for tool in oras regctl; do
    attach "$tool"
    signature=$(types "$image" | grep sigstore | cut -d' ' -f2)
    case $tool in
      oras) ./oras manifest delete --plain-http --force "$registry/$tool@$signature" >log 2>&1 ;;
      regctl) ./regctl manifest delete --referrers "$registry/$tool@$signature" >log 2>&1 ;;
    esac
    echo "$tool deletes the signature: $(told "$image")"
  done
)
echo "$seen"
[ "$seen" = 'attached 2, of these SBOMs 1
cosign clean ends with 0: attached 0, of these SBOMs 0; the SBOM by its digest 200
oras deletes the signature: attached 1, of these SBOMs 1
regctl deletes the signature: attached 1, of these SBOMs 1' ]
