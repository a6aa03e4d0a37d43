#!/usr/bin/env bash
# oras for Python pushes to no registry that asks for a wider token by 401, as registries do: it shows the narrow one again.
#
# Versions   oras 0.2.43 (of the Python index), Python 3.11 or later with venv (the registry is of its standard library).
# Expected   A client that holds a token for pull and is answered 401, with a challenge whose scope is push and pull, fetches
#            a token for that scope and sends the request again: the challenge says what is lacking.
# Seen       Before it opens an upload it looks for the blob by HEAD, and gets a token for pull. The POST is answered 401; it
#            sends the POST again with the token that it has, is answered 401 again, and the push ends. A registry that says
#            403 to a token that is too narrow gets a new one asked for, and the push works; a pull works with both.
# Matters    The authorization of Docker's registry, which tells of a lacking scope by 401 and `insufficient_scope`, is what
#            most registries with a token server do. Whoever tried a client with a pull, or with an open registry, meets it
#            at the first push.
# Output     a token that is too narrow is answered by    401    403
#            pull                                         0      0
#            push                                         1      0
set -euo pipefail
folder=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
port=15989
cat >registry.py <<'PY'
"""A registry in memory with a token server that gives what is asked for; too narrow a token is answered by this status."""

import hashlib
import json
import re
import secrets
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

address, narrow = sys.argv[1], int(sys.argv[2])
tokens, blobs, manifests = {}, {}, {}


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
        if path == "/token":
            token = secrets.token_hex(16)
            tokens[token] = query["scope"][0].rsplit(":", 1)[1].split(",")
            self.answer(200, json.dumps({"token": token}).encode(), Content_Type="application/json")
            return
        needed = "pull" if self.command in ("GET", "HEAD") else "push"
        granted = tokens.get(self.headers.get("Authorization", "").removeprefix("Bearer "))
        if granted is None or needed not in granted:
            scope = "repository:app:pull" if needed == "pull" else "repository:app:pull,push"
            challenge = f'Bearer realm="http://{address}/token",service="test",scope="{scope}"'
            status = 401
            if granted is not None:
                status, challenge = narrow, challenge + ',error="insufficient_scope"'
            body = b'{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}'
            self.answer(status, body, Content_Type="application/json", WWW_Authenticate=challenge)
            return
        last = path.rsplit("/", 1)[1]
        if path.startswith("/v2/app/blobs/uploads/"):
            if self.command == "POST":
                self.answer(202, Location=f"/v2/app/blobs/uploads/{secrets.token_hex(8)}")
                return
            name = "sha256:" + hashlib.sha256(content).hexdigest()
            if query["digest"][0] != name:
                self.answer(400)
                return
            blobs[name] = content
            self.answer(201, Location=f"/v2/app/blobs/{name}", Docker_Content_Digest=name)
        elif path.startswith("/v2/app/blobs/"):
            self.answer(200, blobs[last]) if last in blobs else self.answer(404)
        elif not re.fullmatch(r"/v2/app/manifests/.+", path):
            self.answer(404)
        elif self.command == "PUT":
            name = "sha256:" + hashlib.sha256(content).hexdigest()
            manifests[last] = manifests[name] = (self.headers["Content-Type"], content, name)
            self.answer(201, Location=f"/v2/app/manifests/{name}", Docker_Content_Digest=name)
        elif last in manifests:
            kind, manifest, name = manifests[last]
            self.answer(200, manifest, Content_Type=kind, Docker_Content_Digest=name)
        else:
            self.answer(404)

    do_GET = do_HEAD = do_PUT = do_POST = handle_request

    def log_message(self, *_):
        pass


config = b"{}"
layer = b"what was pushed before\n"
describe = lambda kind, content: {
    "mediaType": kind,
    "digest": "sha256:" + hashlib.sha256(content).hexdigest(),
    "size": len(content),
    "annotations": {"org.opencontainers.image.title": "before"},
}
manifest = json.dumps(
    {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": describe("application/vnd.unknown.config.v1+json", config),
        "layers": [describe("application/vnd.oci.image.layer.v1.tar", layer)],
    }
).encode()
for content in (config, layer):
    blobs["sha256:" + hashlib.sha256(content).hexdigest()] = content
name = "sha256:" + hashlib.sha256(manifest).hexdigest()
manifests["before"] = ("application/vnd.oci.image.manifest.v1+json", manifest, name)
host, port = address.split(":")
ThreadingHTTPServer((host, int(port)), Registry).serve_forever()
PY
cat >client.py <<'PY'
import sys

import oras.client

verb, address = sys.argv[1:]
client = oras.client.OrasClient(insecure=True, auth_backend="token")
client.auth.set_basic_auth("somebody", "secret")
if verb == "pull":
    client.pull(target=f"{address}/app:before", outdir="pulled")
    assert open("pulled/before").read() == "what was pushed before\n"
else:
    open("file", "w").write("content\n")
    client.push(target=f"{address}/app:v1", files=["file"])
PY
python3 -m venv python
cat >requirements.txt <<'TXT'
attrs==26.1.0
certifi==2026.10.19.post1
charset-normalizer==3.5.3
idna==3.20
jsonschema==4.26.0
jsonschema-specifications==2025.9.1
oras==0.2.43
referencing==0.37.0
requests==2.34.2
rpds-py==2026.9.1
typing_extensions==4.16.0
urllib3==2.8.0
TXT
python/bin/pip install --quiet --disable-pip-version-check --no-deps -r requirements.txt

# comes_to VERB STATUS: how the client ends at a registry that answers so to a token that is too narrow.
comes_to() {
  local code=0 server address=127.0.0.1:$port
  python3 registry.py "$address" "$2" >server.log 2>&1 &
  server=$!
  until curl -s -o /dev/null "http://$address/v2/"; do sleep 0.1; done
  python/bin/python client.py "$1" "$address" >log 2>&1 || code=$?
  # It is the opening of the upload that is refused.
  [ "$code" = 0 ] || grep -q 'Issue retrieving session url: .*UNAUTHORIZED' log || code='fails otherwise'
  kill "$server"
  wait "$server" 2>/dev/null || true
  echo "$code"
}
row() { printf '%-45s%-7s%s\n' "$@"; }
seen=$(
  row 'a token that is too narrow is answered by' 401 403
  for verb in pull push; do
    row "$verb" "$(comes_to "$verb" 401)" "$(comes_to "$verb" 403)"
  done
)
echo "$seen"
[ "$seen" = 'a token that is too narrow is answered by    401    403
pull                                         0      0
push                                         1      0' ]
