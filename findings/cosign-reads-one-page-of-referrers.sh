#!/usr/bin/env bash
# Of a list of referrers that comes in pages cosign reads the first: a signature on the second is none, for `verify` as for `tree`.
#
# Versions   github.com/sigstore/cosign/v3/cmd/cosign v3.1.3, github.com/google/go-containerregistry/cmd/crane v0.22.1 (also the
#            registry), oras.land/oras/cmd/oras v1.3.6, github.com/regclient/regclient/cmd/regctl v0.11.7, Go 1.26.7 or later,
#            Python 3.11 or later (the pages, of its standard library).
# Expected   A list of referrers that is too long for one answer ends with a Link to the next page, as the list of tags does
#            (OCI distribution, Listing Referrers); a tool that lists tags page by page does so with referrers.
# Seen       Two referrers to a page. With two of them all see both. With three, the last of which is the signature, oras and
#            regctl list three; `cosign tree` shows two, as if there were no more, and `cosign verify` finds no signature. The
#            library below it, which is crane's, follows the link in its list of tags and does not look at it here.
# Matters    Each scan and each build that attaches something fills the list: the day it has a second page, an image that was always
#            verified is refused at admission, or a signature that was made a second ago is none, while other tools show it.
# Output     2 referrers, the signature last: oras lists 2, regctl 2, cosign tree 2; verify ends with 0
#            3 referrers, the signature last: oras lists 3, regctl 3, cosign tree 2; verify ends with 10, no signatures found
set -euo pipefail
folder=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
port=15984
store=15985
registry=127.0.0.1:$port
for command in github.com/google/go-containerregistry/cmd/crane@v0.22.1 github.com/sigstore/cosign/v3/cmd/cosign@v3.1.3 \
  oras.land/oras/cmd/oras@v1.3.6 github.com/regclient/regclient/cmd/regctl@v0.11.7; do
  GOBIN=$folder go install "$command" 2>log || { cat log; exit 2; }
done
cat >pages.py <<'PY'
"""Hands each request on to a registry without referrers API, and has this API in front of it, with two referrers to a page."""

import hashlib
import json
import sys
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

here, registry = int(sys.argv[1]), int(sys.argv[2])
INDEX = "application/vnd.oci.image.index.v1+json"
referrers = {}


def described(content, manifest):
    descriptor = {"mediaType": manifest["mediaType"], "digest": "sha256:" + hashlib.sha256(content).hexdigest(), "size": len(content)}
    descriptor["artifactType"] = manifest.get("artifactType") or manifest["config"]["mediaType"]
    return descriptor | {"annotations": manifest.get("annotations") or {}}


class Pages(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, content, headers):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def page(self, url):
        held = referrers.get(url.path, [])
        start = int(parse_qs(url.query).get("start", ["0"])[0])
        index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": held[start : start + 2]}
        content = json.dumps(index).encode()
        headers = [("Content-Type", INDEX), ("Content-Length", str(len(content)))]
        if start + 2 < len(held):
            headers.append(("Link", f'<{url.path}?start={start + 2}>; rel="next"'))
        self.answer(200, content, headers)

    def handle_request(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        url = urlsplit(self.path)
        if "/referrers/" in url.path:
            return self.page(url)
        connection = HTTPConnection("127.0.0.1", registry)
        connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            connection.putheader(name, value)
        connection.endheaders(body or None)
        answer = connection.getresponse()
        content = answer.read()
        passed = ("connection", "content-length", "transfer-encoding")
        headers = [header for header in answer.getheaders() if header[0].lower() not in passed]
        length = answer.getheader("Content-Length", "0") if self.command == "HEAD" else str(len(content))
        headers.append(("Content-Length", length))
        if self.command == "PUT" and "/manifests/" in url.path and answer.status == 201:
            manifest = json.loads(body)
            if "subject" in manifest:
                subject = manifest["subject"]["digest"]
                headers.append(("OCI-Subject", subject))
                of = url.path.split("/manifests/")[0] + "/referrers/" + subject
                referrers.setdefault(of, []).append(described(body, manifest))
        self.answer(answer.status, content, headers)

    do_GET = do_HEAD = do_PUT = do_POST = do_PATCH = handle_request

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", here), Pages).serve_forever()
PY
export HOME=$folder COSIGN_PASSWORD=
./crane registry serve --address "127.0.0.1:$store" >log 2>&1 &
python3 pages.py "$port" "$store" >server.log 2>&1 &
until curl -sf -o /dev/null "http://$registry/v2/"; do sleep 0.1; done
./regctl registry set --skip-check --tls disabled "$registry"
./cosign generate-key-pair >log 2>&1
echo content >file
tar -cf layer.tar file

many() { grep -c "$1" || true; }
seen=$(
  for before in 1 2; do
    image=$(./crane append -f layer.tar -t "$registry/app-$before:v1" 2>log)
    for number in $(seq "$before"); do
      echo "SBOM $number" >sbom
      ./oras attach --plain-http --artifact-type application/vnd.example.sbom "$image" sbom:text/plain >log 2>&1
    done
    ./cosign sign --allow-http-registry --yes --key cosign.key --use-signing-config=false --tlog-upload=false "$image" >log 2>&1
    ended=0
    ./cosign verify --allow-http-registry --key cosign.pub --insecure-ignore-tlog "$image" >log 2>&1 || ended=$?
    why=$(grep -aom1 'no signatures found' log || true)
    listed=$(./cosign tree --allow-http-registry "$image" 2>log | many 'via OCI referrer')
    oras=$(./oras discover --plain-http --format json "$image" | grep -o '"artifactType"' | many .)
    regctl=$(./regctl artifact list "$image" --format '{{range .Descriptors}}{{println .Digest}}{{end}}' | many sha256)
    echo "$((before + 1)) referrers, the signature last: oras lists $oras, regctl $regctl, cosign tree $listed; verify ends with $ended${why:+, $why}"
  done
)
echo "$seen"
[ "$seen" = '2 referrers, the signature last: oras lists 2, regctl 2, cosign tree 2; verify ends with 0
3 referrers, the signature last: oras lists 3, regctl 3, cosign tree 2; verify ends with 10, no signatures found' ]
