#!/usr/bin/env bash
# `cosign copy` leaves the signature of `cosign sign` behind, and puts the image under the tag that would list it: signing fails there.
#
# Versions   github.com/sigstore/cosign/v3/cmd/cosign v3.1.3, github.com/google/go-containerregistry/cmd/crane v0.22.1,
#            oras.land/oras/cmd/oras v1.3.6, github.com/regclient/regclient/cmd/regctl v0.11.7,
#            github.com/distribution/distribution/v3/cmd/registry v3.1.2, Go 1.26.7 or later.
# Expected   "Copy the supplied container image and signatures", as its help says, takes the signature along that the same cosign
#            has made the minute before; and it writes over nothing that others have written, or only the tag that was named.
# Seen       Since cosign 3 a signature refers to the image, and where the registry has no referrers API it is found by the tag
#            `sha256-<hex>`. `cosign copy` knows the signatures of cosign 2 alone: it ends with 0, and the copy has none. Every
#            manifest that it copies it also tags, with `sha256-<hex>`: the image stands under the tag of its own referrers. From
#            then on `cosign sign` ends with 1 there, "fallback tag manifest is not an OCI image index". Where something was
#            attached to the image before, `cosign copy -f` ends with 0 and nothing is attached any more. What it prints of itself
#            is that it is deprecated, and names `oras copy -r`; that, and regctl with --referrers, take the signature along.
# Matters    A promotion from one registry to the next loses the signatures, and makes the repository one that cosign cannot sign in;
#            with -f it takes the SBOMs of others away.
# Output     copied: ends with 0, verify ends with 10, the tag of the referrers holds the image
#            signed again: ends with 1
#            copied where 1 is attached: ends with 1, 1 attached; with -f: ends with 0, 0 attached
#            copied by oras: verify ends with 0
#            copied by regctl: verify ends with 0
set -euo pipefail
folder=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
registry=127.0.0.1:15974
for command in github.com/sigstore/cosign/v3/cmd/cosign@v3.1.3 github.com/google/go-containerregistry/cmd/crane@v0.22.1 \
  oras.land/oras/cmd/oras@v1.3.6 github.com/regclient/regclient/cmd/regctl@v0.11.7 \
  github.com/distribution/distribution/v3/cmd/registry@v3.1.2; do
  GOBIN=$folder go install "$command" 2>log || { cat log; exit 2; }
done
cat >config.yml <<CONFIG
version: 0.1
log: {level: error, accesslog: {disabled: true}}
storage: {inmemory: {}}
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

code() { local code=0; "$@" >log 2>&1 || code=$?; echo "$code"; }
sign() { code ./cosign sign --allow-http-registry --yes --key cosign.key --use-signing-config=false --tlog-upload=false "$1"; }
verify() { code ./cosign verify --allow-http-registry --key cosign.pub --insecure-ignore-tlog "$1"; }
copy() { code ./cosign copy --allow-http-registry "$registry/app:v1" "$@"; }
attached() { ./regctl artifact list "$1" --format '{{len .Descriptors}}' 2>log || echo 0; }
image=$(./crane append -f layer.tar -t "$registry/app:v1" 2>log)
digest=${image#*@}
[ "$(sign "$image") $(verify "$image")" = '0 0' ]
seen=$(
  ended=$(copy "$registry/copied:v1")
  if [ "$(./crane digest "$registry/copied:${digest/:/-}")" = "$digest" ]; then holds='the image'; else holds='a list'; fi
  echo "copied: ends with $ended, verify ends with $(verify "$registry/copied@$digest"), the tag of the referrers holds $holds"
  echo "signed again: ends with $(sign "$registry/copied@$digest")"

  ./crane copy "$registry/app:v1" "$registry/attached:v1" 2>log
  ./oras attach --plain-http --artifact-type application/vnd.example.sbom "$registry/attached:v1" sbom:text/plain >log
  before=$(attached "$registry/attached:v1")
  echo "copied where $before is attached: ends with $(copy "$registry/attached:v1"), $(attached "$registry/attached:v1") attached;" \
    "with -f: ends with $(copy -f "$registry/attached:v1"), $(attached "$registry/attached:v1") attached"

  ./oras cp --recursive --from-plain-http --to-plain-http "$registry/app:v1" "$registry/by-oras:v1" >log 2>&1
  echo "copied by oras: verify ends with $(verify "$registry/by-oras@$digest")"
  ./regctl image copy --referrers "$registry/app:v1" "$registry/by-regctl:v1" >log 2>&1
  echo "copied by regctl: verify ends with $(verify "$registry/by-regctl@$digest")"
)
echo "$seen"
[ "$seen" = 'copied: ends with 0, verify ends with 10, the tag of the referrers holds the image
signed again: ends with 1
copied where 1 is attached: ends with 1, 1 attached; with -f: ends with 0, 0 attached
copied by oras: verify ends with 0
copied by regctl: verify ends with 0' ]
