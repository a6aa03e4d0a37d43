#!/usr/bin/env bash
# The same ~/.docker/config.json logs regctl and docker-py in, and leaves crane and oras anonymous, once it names a helper.
#
# Versions   github.com/google/go-containerregistry/cmd/crane v0.22.1, oras.land/oras/cmd/oras v1.3.6,
#            github.com/regclient/regclient/cmd/regctl v0.11.7, docker 7.1.0 (of the Python index), Go 1.24 or later,
#            Python 3.11 or later with venv.
# Expected   A client looks into the store of credentials and, when there is nothing for this registry, takes the entry that
#            the file has under `auths`; or all who read the file leave it alone.
# Seen       The helper says "credentials not found in native keychain", as it should, and the file holds name and password.
#            regctl and docker-py use them. crane and oras, which ask the helper and no further, are anonymous, and say
#            so nowhere: what they report is the 401. It is so with `credsStore`, for all registries, and with `credHelpers`, for
#            this one. Without a helper all four use the entry.
# Matters    A job adds its entry to the file of a machine that has a store (or a store is set up later), and half of
#            the tools are logged out, or fall to the limits of those without an account.
# Output     neither      crane entry       oras entry       regctl entry       docker-py entry
#            credsStore   crane anonymous   oras anonymous   regctl entry       docker-py entry
#            credHelpers  crane anonymous   oras anonymous   regctl entry       docker-py entry
set -euo pipefail
folder=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
port=15998
registry=127.0.0.1:$port
cat >registry.py <<'PY'
"""Lists the tags of one repository to who has the right name and password."""

import base64
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

right = "Basic " + base64.b64encode(b"name:password").decode()


class Registry(BaseHTTPRequestHandler):
    def do_GET(self):
        admitted = self.headers.get("Authorization") == right
        body = b'{"name":"app","tags":["v1"]}' if admitted else b'{"errors":[{"code":"UNAUTHORIZED"}]}'
        self.send_response(200 if admitted else 401)
        if not admitted:
            self.send_header("WWW-Authenticate", 'Basic realm="test"')
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Registry).serve_forever()
PY
cat >read.py <<'PY'
import sys

import docker.auth

entry = docker.auth.load_config().resolve_authconfig(sys.argv[1])
sys.exit(0 if entry and entry.get("username", entry.get("Username")) == "name" else 1)
PY
mkdir bin
cat >bin/docker-credential-empty <<'SH'
#!/bin/sh
cat >/dev/null
case $1 in
  list) echo '{}' ;;
  *) echo 'credentials not found in native keychain'; exit 1 ;;
esac
SH
chmod +x bin/docker-credential-empty
for command in github.com/google/go-containerregistry/cmd/crane@v0.22.1 github.com/regclient/regclient/cmd/regctl@v0.11.7 \
  oras.land/oras/cmd/oras@v1.3.6; do
  GOBIN=$folder go install "$command" 2>log || { cat log; exit 2; }
done
python3 -m venv python
python/bin/pip install -q docker==7.1.0 >log 2>&1 || { cat log; exit 2; }
python3 registry.py "$port" 2>log &
until curl -s -o /dev/null "http://$registry/v2/"; do sleep 0.1; done
export PATH=$folder/bin:$PATH HOME=$folder DOCKER_CONFIG=$folder/.docker
mkdir .docker
./regctl registry set --skip-check --tls disabled "$registry" 2>log

entry='"auths":{"'$registry'":{"auth":"'$(printf name:password | base64)'"}}'
word() { if "$@" >log 2>&1; then echo entry; else echo anonymous; fi; }
row() {
  printf '%-13scrane %-12soras %-12sregctl %-12sdocker-py %s\n' "$1" "$(word ./crane ls "$registry/app")" \
    "$(word ./oras repo tags --plain-http "$registry/app")" "$(word ./regctl tag ls "$registry/app")" \
    "$(word python/bin/python read.py "$registry")"
}
seen=$(
  echo "{$entry}" >.docker/config.json
  row neither
  echo "{\"credsStore\":\"empty\",$entry}" >.docker/config.json
  row credsStore
  echo "{\"credHelpers\":{\"$registry\":\"empty\"},$entry}" >.docker/config.json
  row credHelpers
)
echo "$seen"
[ "$seen" = 'neither      crane entry       oras entry       regctl entry       docker-py entry
credsStore   crane anonymous   oras anonymous   regctl entry       docker-py entry
credHelpers  crane anonymous   oras anonymous   regctl entry       docker-py entry' ]
