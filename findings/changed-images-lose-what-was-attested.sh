#!/usr/bin/env bash
# What BuildKit attests of an image in an index survives no change: crane drops it, regctl keeps it for a digest that is gone.
#
# Versions   github.com/google/go-containerregistry/cmd/crane v0.22.1 (also the registry), github.com/regclient/regclient/cmd/regctl
#            v0.11.7, Go 1.24 or later, Python 3.11 or later.
# Expected   BuildKit puts provenance and bills of materials beside an image, as a manifest of the platform unknown/unknown whose
#            annotation `vnd.docker.reference.digest` names the image. A tool that makes the image anew moves the name along; one
#            that picks a platform picks what speaks of it.
# Seen       `regctl image mod` gives both platforms new digests and leaves the annotation as it was, whatever it changes; with
#            --label it writes the label into the config of the attestation, too. `crane flatten` and `crane index filter` leave
#            the attestation out. `crane mutate` makes of the index one image, of linux/amd64. All of them end with 0.
# Matters    Attestations of this kind are found by that annotation: after a change of times or media types in a mirror the image
#            has none, while a manifest that claims to be one is still there.
# Output     as BuildKit makes it: 2 platforms, 1 attestation, of an image in the index
#            regctl image mod --time: 2 platforms, 1 attestation, of no image in the index
#            regctl image mod --to-oci: 2 platforms, 1 attestation, of no image in the index
#            regctl image mod --label: 2 platforms, 1 attestation (another one), of no image in the index
#            crane flatten: 2 platforms, 0 attestations
#            crane index filter: 1 platform, 0 attestations
#            crane mutate: one image, no index
set -euo pipefail
folder=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
registry=127.0.0.1:15987
for command in github.com/regclient/regclient/cmd/regctl@v0.11.7 github.com/google/go-containerregistry/cmd/crane@v0.22.1; do
  GOBIN=$folder go install "$command" 2>log || { cat log; exit 2; }
done
export HOME=$folder
./crane registry serve --address "$registry" >log 2>&1 &
until curl -sf -o /dev/null "http://$registry/v2/"; do sleep 0.1; done
./regctl registry set --tls disabled "$registry"

cat >make.py <<'PY'
"""Pushes an index of two images, with what BuildKit attests of the first; and says of an index what it holds."""

import hashlib
import json
import sys
import urllib.request

HOST = sys.argv[2]
OCI = "application/vnd.oci.image."
DOCKER = "application/vnd.docker.distribution.manifest.v2+json"


def request(method, url, body=None, **headers):
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return urllib.request.urlopen(urllib.request.Request(url, body, headers, method=method))


def digest(content):
    return "sha256:" + hashlib.sha256(content).hexdigest()


def blob(media_type, content):
    place = request("POST", f"http://{HOST}/v2/app/blobs/uploads/").headers["Location"]
    place = place if place.startswith("http") else f"http://{HOST}{place}"
    request("PUT", f"{place}?digest={digest(content)}", content, Content_Type="application/octet-stream")
    return {"mediaType": media_type, "digest": digest(content), "size": len(content)}


def manifest(reference, media_type, value):
    content = json.dumps(value).encode()
    reference = reference or digest(content)
    request("PUT", f"http://{HOST}/v2/app/manifests/{reference}", content, Content_Type=media_type)
    return {"mediaType": media_type, "digest": digest(content), "size": len(content)}


def attestation(subject):
    statement = {"_type": "https://in-toto.io/Statement/v0.1", "predicateType": "https://slsa.dev/provenance/v0.2"}
    layer = blob("application/vnd.in-toto+json", json.dumps(statement).encode())
    layer["annotations"] = {"in-toto.io/predicate-type": statement["predicateType"]}
    config = {"architecture": "unknown", "os": "unknown", "config": {}}
    config["rootfs"] = {"type": "layers", "diff_ids": [layer["digest"]]}
    value = {"schemaVersion": 2, "mediaType": OCI + "manifest.v1+json", "layers": [layer]}
    value["config"] = blob(OCI + "config.v1+json", json.dumps(config).encode())
    descriptor = manifest(None, OCI + "manifest.v1+json", value)
    descriptor["platform"] = {"architecture": "unknown", "os": "unknown"}
    annotations = {"vnd.docker.reference.digest": subject, "vnd.docker.reference.type": "attestation-manifest"}
    return descriptor | {"annotations": annotations}


def image(tag):
    answer = request("GET", f"http://{HOST}/v2/app/manifests/{tag}", Accept=DOCKER)
    content = answer.read()
    platform = {"architecture": tag, "os": "linux"}
    return {"mediaType": DOCKER, "digest": digest(content), "size": len(content), "platform": platform}


def push():
    images = [image("amd64"), image("arm64")]
    entries = images + [attestation(images[0]["digest"])]
    value = {"schemaVersion": 2, "mediaType": OCI + "index.v1+json", "manifests": entries}
    manifest("made", OCI + "index.v1+json", value)


def entries(tag):
    accept = f"{OCI}index.v1+json, application/vnd.docker.distribution.manifest.list.v2+json, {DOCKER}, {OCI}manifest.v1+json"
    return json.load(request("GET", f"http://{HOST}/v2/app/manifests/{tag}", Accept=accept)).get("manifests")


def say(tag):
    there = entries(tag)
    if there is None:
        return "one image, no index"
    of = [entry for entry in there if "vnd.docker.reference.digest" in entry.get("annotations", {})]
    platforms = len(there) - len(of)
    said = f"{platforms} platform{'s' * (platforms != 1)}, {len(of)} attestation{'s' * (len(of) != 1)}"
    for entry in of:
        is_new = entry["digest"] not in [made["digest"] for made in entries("made")]
        named = entry["annotations"]["vnd.docker.reference.digest"] in [other["digest"] for other in there]
        said += " (another one)" * is_new + f", of {'an' if named else 'no'} image in the index"
    return said


if sys.argv[1] == "push":
    push()
else:
    print(say(sys.argv[1]))
PY
for architecture in amd64 arm64; do
  echo "$architecture" >content
  tar -czf layer.tgz content
  ./crane append -f layer.tgz -t "$registry/app:$architecture" >log 2>&1
  ./crane mutate --set-platform "linux/$architecture" -t "$registry/app:$architecture" "$registry/app:$architecture" >log 2>&1
done
python3 make.py push "$registry"
told() { python3 make.py "$1" "$registry"; }
mod() {
  ./regctl image mod "$registry/app:made" --create "$registry/app:changed" "$@" >log 2>&1
  echo "regctl image mod $1: $(told changed)"
}
seen=$(
  echo "as BuildKit makes it: $(told made)"
  mod --time set=2021-02-03T04:05:06Z
  mod --to-oci
  mod --label org.example.note=mine
  ./crane flatten "$registry/app:made" -t "$registry/app:flat" >log 2>&1
  echo "crane flatten: $(told flat)"
  ./crane index filter "$registry/app:made" --platform linux/amd64 -t "$registry/app:filtered" >log 2>&1
  echo "crane index filter: $(told filtered)"
  ./crane mutate "$registry/app:made" --label org.example.note=mine -t "$registry/app:mutated" >log 2>&1
  echo "crane mutate: $(told mutated)"
)
echo "$seen"
[ "$seen" = 'as BuildKit makes it: 2 platforms, 1 attestation, of an image in the index
regctl image mod --time: 2 platforms, 1 attestation, of no image in the index
regctl image mod --to-oci: 2 platforms, 1 attestation, of no image in the index
regctl image mod --label: 2 platforms, 1 attestation (another one), of no image in the index
crane flatten: 2 platforms, 0 attestations
crane index filter: 1 platform, 0 attestations
crane mutate: one image, no index' ]
