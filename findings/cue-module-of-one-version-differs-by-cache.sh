#!/usr/bin/env bash
# A version of a CUE module can be published again with other content; who has it already keeps the old, and nobody is told.
#
# Versions   cuelang.org/go/cmd/cue v0.17.1, github.com/distribution/distribution/v3/cmd/registry v3.1.2, Go 1.24 or later, curl 7.88
#            or later.
# Expected   CUE takes its modules over from Go: minimal version selection, a cache, versions that are immutable. A second
#            `cue mod publish` of a version is refused, or at least who depends on it meets a mismatch, as with go.sum.
# Seen       The version is a tag, which is pushed again without a look whether it is there. A module file names the version
#            of a dependency and no digest, and there is no file of sums: the same sources come to 1 where the cache is old and
#            to 2 where it is empty, both with exit status 0.
# Matters    A registry is the only one who can hold a version fast, so that it is to be one that refuses to move tags; most
#            do not by themselves. A developer's machine and a fresh CI disagree with nothing in their repository changed.
# Output     published again: exit status 0
#            with the cache of before: x: 1
#            with an empty cache: x: 2
set -euo pipefail
folder=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; chmod -R u+w "$folder"; rm -rf "$folder"' EXIT
cd "$folder"
port=15991
for package in github.com/distribution/distribution/v3/cmd/registry@v3.1.2 cuelang.org/go/cmd/cue@v0.17.1; do
  GOBIN=$folder/bin go install "$package" 2>log || { cat log; exit 2; }
done
cat >config.yml <<CONFIG
version: 0.1
log: {level: error, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: $folder/store}}
http: {addr: "localhost:$port"}
CONFIG
OTEL_TRACES_EXPORTER=none bin/registry serve config.yml >log 2>&1 &
until curl -sf -o /dev/null "http://localhost:$port/v2/"; do sleep 0.1; done

export HOME=$folder CUE_REGISTRY=localhost:$port+insecure CUE_CACHE_DIR=$folder/first
cue() { (cd "$1" && shift && "$folder/bin/cue" "$@"); }
mkdir -p limits/cue.mod service/cue.mod
cat >limits/cue.mod/module.cue <<'CUE'
module: "example.com/limits@v0"
language: version: "v0.17.0"
source: kind: "self"
CUE
cat >service/cue.mod/module.cue <<'CUE'
module: "example.com/service@v0"
language: version: "v0.17.0"
deps: "example.com/limits@v0": v: "v0.0.1"
CUE
cat >service/service.cue <<'CUE'
package service

import "example.com/limits@v0"

x: limits.x
CUE
printf 'package limits\n\nx: 1\n' >limits/limits.cue
cue limits mod publish v0.0.1 >log 2>&1 || { cat log; exit 2; }
cue service export --out cue >log 2>&1 || { cat log; exit 2; }
printf 'package limits\n\nx: 2\n' >limits/limits.cue
code=0
cue limits mod publish v0.0.1 >log 2>&1 || code=$?
seen=$(
  echo "published again: exit status $code"
  echo "with the cache of before: $(cue service export --out cue)"
  echo "with an empty cache: $(CUE_CACHE_DIR=$folder/second cue service export --out cue)"
)
echo "$seen"
[ "$seen" = 'published again: exit status 0
with the cache of before: x: 1
with an empty cache: x: 2' ]
