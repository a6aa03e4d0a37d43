#!/usr/bin/env bash
# When a registry forgets its tokens in the middle of a push, crane and oras get over it everywhere but at a layer's bytes,
# and regctl nowhere.
#
# Versions   github.com/google/go-containerregistry/cmd/crane v0.22.1, github.com/regclient/regclient/cmd/regctl v0.11.7,
#            oras.land/oras/cmd/oras v1.3.6, Go 1.24 or later, Python 3.11 or later (the registry, of its standard library).
# Expected   A token may die before its time: a key is changed, a replica restarts. The client is answered 401 with a
#            challenge, fetches a new token and sends the request again, whichever request it was.
# Seen       crane and oras do so at the POST of an upload and at the PUT of the manifest. At the request with a layer crane
#            fetches a new token and sends the same request again, whose body has been read to its end; oras gives this
#            request the header of the POST by hand, and its own handling of tokens then lets the 401 pass. regctl takes a
#            401 for final as long as its token should still be good by its own clock. Each ends with 1, and each of these
#            commands works when it is given once more.
# Matters    A change of keys ends every push that is sending a layer then, the large ones first of all, and with a message
#            about rights that were never missing.
# Output     forgotten before    POST    bytes   manifest
#            crane               0       1       0
#            oras                0       1       0
#            regctl              1       1       1
set -euo pipefail
folder=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
port=15988
cat >registry.py <<'PY'
"""A registry in memory with a token server, which forgets all tokens once, at the first request of a kind."""

import hashlib
import json
import re
import secrets
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

address, moment = sys.argv[1], sys.argv[2]
tokens, uploads, blobs, manifests, tags = set(), {}, {}, {}, {}
forgotten = False


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

    def content(self):
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        whole = b""
        while size := int(self.rfile.readline(), 16):
            whole += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return whole

    def admit(self, path, content):
        """Whether the token is known, after it has been forgotten if this is the moment."""
        global forgotten
        kind = ""
        if path.startswith("/v2/app/blobs/uploads/"):
            kind = "POST" if self.command == "POST" else "bytes" if len(content) > 10000 else ""
        elif self.command == "PUT":
            kind = "manifest"
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if kind == moment and token in tokens and not forgotten:
            forgotten = True
            tokens.clear()
        return token in tokens

    def handle_request(self):
        content = self.content()
        url = urlsplit(self.path)
        path, query = url.path, parse_qs(url.query)
        if path == "/token":
            token = secrets.token_hex(16)
            tokens.add(token)
            body = json.dumps({"token": token, "access_token": token, "expires_in": 300}).encode()
            self.answer(200, body, Content_Type="application/json")
            return
        if not self.admit(path, content):
            challenge = f'Bearer realm="http://{address}/token",service="test",scope="repository:app:pull,push"'
            body = b'{"errors":[{"code":"UNAUTHORIZED","message":"the token is not known"}]}'
            self.answer(401, body, Content_Type="application/json", WWW_Authenticate=challenge)
            return
        manifest = re.fullmatch(r"/v2/app/manifests/(.+)", path)
        last = path.rsplit("/", 1)[1]
        if path == "/v2/":
            self.answer(200)
        elif path.startswith("/v2/app/blobs/uploads/"):
            if self.command == "POST":
                last = secrets.token_hex(8)
                uploads[last] = b""
            uploads[last] += content
            place = f"/v2/app/blobs/uploads/{last}"
            if self.command == "PUT":
                blob = uploads.pop(last)
                name = "sha256:" + hashlib.sha256(blob).hexdigest()
                if query["digest"][0] != name:
                    self.answer(400, b'{"errors":[{"code":"DIGEST_INVALID"}]}', Content_Type="application/json")
                    return
                blobs[name] = blob
                self.answer(201, Location=f"/v2/app/blobs/{name}", Docker_Content_Digest=name)
            elif self.command == "PATCH":
                self.answer(202, Location=place, Range=f"0-{len(uploads[last]) - 1}")
            else:
                self.answer(202, Location=place)
        elif path.startswith("/v2/app/blobs/"):
            self.answer(200, blobs[last]) if last in blobs else self.answer(404)
        elif manifest and self.command == "PUT":
            name = "sha256:" + hashlib.sha256(content).hexdigest()
            manifests[name] = (self.headers["Content-Type"], content)
            tags[manifest[1]] = name
            self.answer(201, Location=f"/v2/app/manifests/{name}", Docker_Content_Digest=name)
        elif manifest and (name := tags.get(manifest[1], manifest[1])) in manifests:
            self.answer(200, manifests[name][1], Content_Type=manifests[name][0], Docker_Content_Digest=name)
        else:
            self.answer(404)

    do_GET = do_HEAD = do_PUT = do_POST = do_PATCH = handle_request

    def log_message(self, *_):
        pass


host, port = address.split(":")
ThreadingHTTPServer((host, int(port)), Registry).serve_forever()
PY
for command in github.com/google/go-containerregistry/cmd/crane@v0.22.1 github.com/regclient/regclient/cmd/regctl@v0.11.7 \
  oras.land/oras/cmd/oras@v1.3.6; do
  GOBIN=$folder go install "$command" 2>log || { cat log; exit 2; }
done
export HOME=$folder
registry=127.0.0.1:$port
./regctl registry set --skip-check --tls disabled "$registry" 2>log
head -c 1000000 /dev/urandom >layer
tar -cf layer.tar layer
./crane append --oci-empty-base -f layer.tar -t image.example/app -o image.tar >log 2>&1

push() {
  case $1 in
    crane) ./crane push image.tar "$registry/app:v1" ;;
    oras) ./oras push --plain-http "$registry/app:v1" layer ;;
    regctl) ./regctl artifact put --artifact-type application/vnd.example -f layer "$registry/app:v1" ;;
  esac >log 2>&1
}
# after TOOL MOMENT: how a push ends whose token is forgotten then, if a second push works.
after() {
  local code=0 server
  python3 registry.py "$registry" "$2" >server.log 2>&1 &
  server=$!
  until curl -s -o /dev/null "http://$registry/v2/"; do sleep 0.1; done
  push "$1" || code=$?
  push "$1" || code='not even again'
  kill "$server"
  wait "$server" 2>/dev/null || true
  echo "$code"
}
row() { printf '%-20s%-8s%-8s%s\n' "$@"; }
seen=$(
  row 'forgotten before' POST bytes manifest
  for tool in crane oras regctl; do
    row "$tool" "$(after "$tool" POST)" "$(after "$tool" bytes)" "$(after "$tool" manifest)"
  done
)
echo "$seen"
[ "$seen" = 'forgotten before    POST    bytes   manifest
crane               0       1       0
oras                0       1       0
regctl              1       1       1' ]
