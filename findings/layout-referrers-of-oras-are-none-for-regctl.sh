#!/usr/bin/env bash
# What oras attaches in an OCI layout `regctl image copy --referrers` leaves behind, and ends with 0; the other way it is found.
#
# Versions   oras.land/oras/cmd/oras v1.3.6, github.com/regclient/regclient/cmd/regctl v0.11.7,
#            github.com/google/go-containerregistry/cmd/crane v0.22.1 (the registry), Go 1.24 or later.
# Expected   Both write and read layouts, and both know referrers: what the one attaches to an image in a folder, the other
#            lists, and copies with the image when it is asked for referrers.
# Seen       oras enters the attached manifest into index.json without a name and finds it by its subject. regctl keeps a
#            list under the tag `sha256-<hex>` there, and asks for nothing else: no referrers. A search by subject can be had
#            in its list, by --slow-referrers, and not in its copy. oras finds what regctl attached.
# Matters    A pipeline that signs with the one and moves with the other through a folder arrives without the signature and
#            the SBOM, and each of its steps has worked.
# Output     attached by oras: oras 1, regctl 0, regctl when told to search 1
#            moved by regctl --referrers: ends with 0, registry has 0
#            moved by oras --recursive: ends with 0, registry has 1
#            attached by regctl: oras 1, regctl 1
set -euo pipefail
folder=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
port=15990
for command in oras.land/oras/cmd/oras@v1.3.6 github.com/regclient/regclient/cmd/regctl@v0.11.7 \
  github.com/google/go-containerregistry/cmd/crane@v0.22.1; do
  GOBIN=$folder go install "$command" 2>log || { cat log; exit 2; }
done
export HOME=$folder
./crane registry serve --address "127.0.0.1:$port" >log 2>&1 &
registry=127.0.0.1:$port
until curl -s -o /dev/null "http://$registry/v2/"; do sleep 0.1; done
./regctl registry set --skip-check --tls disabled "$registry" 2>log

sbom=application/vnd.example.sbom
echo content >content
echo 'what is in it' >sbom
for layout in first second; do
  ./oras push --oci-layout "$layout:v1" --artifact-type application/vnd.example content >log 2>&1
done
./oras attach --oci-layout first:v1 --artifact-type "$sbom" sbom >log 2>&1
./regctl artifact put --artifact-type "$sbom" --subject ocidir://second:v1 -f sbom >log 2>&1

count() { { "$@" 2>&1 || echo failed; } | grep -c -e "$sbom" -e failed || true; }
moved() {
  local repository=$1 code=0
  shift
  "$@" >log 2>&1 || code=$?
  echo "ends with $code, registry has $(count ./oras discover --plain-http "$repository")"
}
seen=$(
  echo "attached by oras: oras $(count ./oras discover --oci-layout first:v1)," \
    "regctl $(count ./regctl artifact list ocidir://first:v1)," \
    "regctl when told to search $(count ./regctl artifact list --slow-referrers ocidir://first:v1)"
  echo "moved by regctl --referrers: $(moved "$registry/a:v1" ./regctl image copy --referrers ocidir://first:v1 "$registry/a:v1")"
  echo "moved by oras --recursive: $(moved "$registry/b:v1" ./oras copy --recursive --from-oci-layout --to-plain-http first:v1 "$registry/b:v1")"
  echo "attached by regctl: oras $(count ./oras discover --oci-layout second:v1), regctl $(count ./regctl artifact list ocidir://second:v1)"
)
echo "$seen"
[ "$seen" = 'attached by oras: oras 1, regctl 0, regctl when told to search 1
moved by regctl --referrers: ends with 0, registry has 0
moved by oras --recursive: ends with 0, registry has 1
attached by regctl: oras 1, regctl 1' ]
