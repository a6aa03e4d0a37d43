#!/usr/bin/env bash
# `regctl tag delete` on a registry that deletes nothing: it fails, and the tag names another manifest than before.
#
# Versions   github.com/regclient/regclient/cmd/regctl v0.11.7, Python 3.11 or later (the registry, of its standard library).
# Expected   A registry may disable deletion, and answers 405 then (OCI distribution, Deleting tags). A deletion that was
#            refused leaves everything as it is.
# Seen       After the refusal regctl pushes a manifest of its own under the tag, to delete that one by its digest. This is
#            refused too, so that it ends with 1, and the tag stays on the manifest that was to be thrown away.
# Matters    Where deletion is switched off to protect what is there, an attempt to delete a tag is what loses it: whoever
#            pulls the tag from then on gets an empty image.
# Output     regctl ends with 1
#            the tag has moved
set -euo pipefail
folder=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
port=15985
cat >registry.py <<'PY'
"""A registry in memory that deletes nothing: no more of the protocol than this needs."""

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
        path, query = url.path, parse_qs(url.query)
        name = "sha256:" + hashlib.sha256(content).hexdigest()
        manifest = re.fullmatch(r"/v2/app/manifests/(.+)", path)
        if self.command == "DELETE":
            self.answer(405, Allow="GET, HEAD, PUT")
        elif path == "/v2/":
            self.answer(200)
        elif path.startswith("/v2/app/blobs/uploads/"):
            if self.command == "PUT":
                blobs[name] = content
                self.answer(201, Location=f"/v2/app/blobs/{name}", Docker_Content_Digest=name)
            else:
                self.answer(202, Location="/v2/app/blobs/uploads/1")
        elif path.startswith("/v2/app/blobs/"):
            blob = blobs.get(path.rsplit("/", 1)[1])
            self.answer(404) if blob is None else self.answer(200, blob)
        elif manifest and self.command == "PUT":
            manifests[name] = (self.headers["Content-Type"], content)
            tags[manifest[1]] = name
            self.answer(201, Location=f"/v2/app/manifests/{name}", Docker_Content_Digest=name)
        elif manifest:
            found = manifests.get(tags.get(manifest[1], manifest[1]))
            if found is None:
                self.answer(404)
            else:
                self.answer(200, found[1], Content_Type=found[0], Docker_Content_Digest=tags.get(manifest[1], manifest[1]))
        else:
            self.answer(404)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = handle_request

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Registry).serve_forever()
PY
GOBIN=$folder go install github.com/regclient/regclient/cmd/regctl@v0.11.7 2>log
python3 registry.py "$port" >log 2>&1 &
registry=127.0.0.1:$port
until curl -s -o /dev/null "http://$registry/v2/"; do sleep 0.1; done

config='{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}'
digest=sha256:$(printf %s "$config" | sha256sum | cut -d' ' -f1)
curl -sS -o /dev/null -X PUT --data-binary "$config" "http://$registry/v2/app/blobs/uploads/1?digest=$digest"
type=application/vnd.oci.image.manifest.v1+json
manifest='{"schemaVersion":2,"mediaType":"'$type'","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"'$digest'","size":'${#config}'},"layers":[]}'
curl -sS -o /dev/null -X PUT -H "Content-Type: $type" --data-binary "$manifest" "http://$registry/v2/app/manifests/v1"

export HOME=$folder
./regctl registry set --skip-check --tls disabled "$registry" 2>log
code=0
./regctl tag delete "$registry/app:v1" >log 2>&1 || code=$?
now=$(curl -sS -H "Accept: $type" "http://$registry/v2/app/manifests/v1")
seen=$(
  echo "regctl ends with $code"
  if [ "$now" = "$manifest" ]; then echo "the tag is where it was"; else echo "the tag has moved"; fi
)
echo "$seen"
[ "$seen" = 'regctl ends with 1
the tag has moved' ]
