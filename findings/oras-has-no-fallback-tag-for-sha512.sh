#!/usr/bin/env bash
# Without the referrers API oras can neither attach to a manifest named by sha512 nor list what is attached: the tag is too long.
#
# Versions   oras.land/oras/cmd/oras v1.3.6, github.com/regclient/regclient/cmd/regctl v0.11.7, Go 1.24 or later, Python 3.11
#            or later (the registry, of its standard library).
# Expected   Where the registry has no referrers API, a client keeps them under a tag, `sha256-<hex>` for sha256. A library
#            that supports sha512 and this way of keeping them supports both together; the specification cuts the algorithm
#            at 32 and the digest at 64 characters, so that the tag is valid.
# Seen       oras makes the tag of the whole digest, 135 characters, and refuses it itself: "invalid reference: invalid tag".
#            By then `oras attach` has pushed the artifact, which nothing leads to. `oras discover` ends with 1, too, also
#            after regctl has attached something under the right tag, which regctl lists.
# Matters    A signature or an SBOM for content named by sha512 works against one registry and not against the next, and the
#            message speaks of a reference that nobody wrote.
# Output     oras attach 1 invalid tag
#            left behind: 1 manifest
#            regctl artifact put 0
#            regctl lists it under a tag of 71 characters
#            oras discover 1 invalid tag
set -euo pipefail
folder=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
port=15989
cat >registry.py <<'PY'
"""A registry in memory with sha512 and without the referrers API; it writes down under what its manifests are put."""

import hashlib
import re
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

blobs, manifests, tags = {}, {}, {}


class Registry(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def handle_request(self):
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        url = urlsplit(self.path)
        manifest = re.fullmatch(r"/v2/app/manifests/(sha256:\w{64}|sha512:\w{128}|\w[\w.-]{0,127})", url.path)
        last = url.path.rsplit("/", 1)[1]
        if url.path == "/v2/":
            self.answer(200)
        elif url.path.startswith("/v2/app/blobs/uploads/"):
            if self.command == "PUT":
                name = parse_qs(url.query)["digest"][0]
                blobs[name] = content
                self.answer(201, Location=f"/v2/app/blobs/{name}", Docker_Content_Digest=name)
            else:
                self.answer(202, Location="/v2/app/blobs/uploads/1")
        elif url.path.startswith("/v2/app/blobs/"):
            self.answer(200, blobs[last], Docker_Content_Digest=last) if last in blobs else self.answer(404)
        elif manifest and self.command == "PUT":
            algorithm = "sha512" if last.startswith("sha512:") else "sha256"
            name = f"{algorithm}:{hashlib.new(algorithm, content).hexdigest()}"
            manifests[name] = (self.headers["Content-Type"], content)
            tags[last] = name
            print(last, flush=True)
            self.answer(201, Location=f"/v2/app/manifests/{name}", Docker_Content_Digest=name)
        elif manifest and (name := tags.get(last, last)) in manifests:
            self.answer(200, manifests[name][1], Content_Type=manifests[name][0], Docker_Content_Digest=name)
        else:
            self.answer(404)

    do_GET = do_HEAD = do_PUT = do_POST = do_PATCH = handle_request

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Registry).serve_forever()
PY
for command in oras.land/oras/cmd/oras@v1.3.6 github.com/regclient/regclient/cmd/regctl@v0.11.7; do
  GOBIN=$folder go install "$command" 2>log || { cat log; exit 2; }
done
export HOME=$folder
registry=127.0.0.1:$port
python3 registry.py "$port" >>put 2>server.log &
until curl -s -o /dev/null "http://$registry/v2/"; do sleep 0.1; done
./regctl registry set --skip-check --tls disabled "$registry" 2>log

empty=sha256:$(printf '{}' | sha256sum | cut -d' ' -f1)
type=application/vnd.oci.empty.v1+json
curl -sSf -X PUT --data-binary '{}' "http://$registry/v2/app/blobs/uploads/1?digest=$empty"
descriptor='{"mediaType":"'$type'","digest":"'$empty'","size":2}'
printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","artifactType":"%s","config":%s,"layers":[%s]}' \
  application/vnd.example "$descriptor" "$descriptor" >manifest
digest=sha512:$(sha512sum manifest | cut -d' ' -f1)
curl -sSf -X PUT -H 'Content-Type: application/vnd.oci.image.manifest.v1+json' --data-binary @manifest "http://$registry/v2/app/manifests/$digest"
echo 'what is in it' >sbom

run() {
  local code=0
  "$@" >log 2>&1 || code=$?
  echo "$code $(grep -o 'invalid tag' log | head -1 || true)" | sed 's/ *$//'
}
seen=$(
  : >put
  echo "oras attach $(run ./oras attach --plain-http --artifact-type application/vnd.example.sbom "$registry/app@$digest" sbom)"
  echo "left behind: $(wc -l <put) manifest"
  echo "regctl artifact put $(run ./regctl artifact put --artifact-type application/vnd.example.sbom --subject "$registry/app@$digest" -f sbom)"
  tag=$(tail -1 put)
  ./regctl artifact list "$registry/app@$digest" 2>&1 | grep -q application/vnd.example.sbom && echo "regctl lists it under a tag of ${#tag} characters"
  echo "oras discover $(run ./oras discover --plain-http "$registry/app@$digest")"
)
echo "$seen"
[ "$seen" = 'oras attach 1 invalid tag
left behind: 1 manifest
regctl artifact put 0
regctl lists it under a tag of 71 characters
oras discover 1 invalid tag' ]
