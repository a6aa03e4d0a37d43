#!/usr/bin/env bash
# On S3 the registry of distribution loses `latest` when a page of the tag list ends at `latest-alpine`, and tells others twice.
#
# Versions   github.com/distribution/distribution/v3/cmd/registry v3.1.2, github.com/google/go-containerregistry/cmd/crane v0.22.1,
#            moto 5.2.5 (the object store), flask 3.1.2, flask-cors 6.0.1, Go 1.26 or later, Python 3.11 or later with venv,
#            curl 7.88 or later.
# Expected   Whoever follows the links from page to page gets each tag once, as without pages, wherever the registry keeps its
#            files; the object store lists keys in order, so that a page begins where the last one ended.
# Seen       Without pages there are five tags. In pages of two a client that follows each link sees three of them, one of these
#            twice, and no error; on a file system all five. The driver for S3 walks over keys, in which a slash ends the tag,
#            and `-` and `.` come before the slash: `latest-alpine/` is listed before `latest/`, and `3.1/` before `3/`. What has
#            been told already is decided by the tags without the slash, by which `latest` comes before `latest-alpine`: it is
#            passed over.
# Matters    A name and the same name with more behind it is how tags are made. crane asks for 1000 at a time, so that it happens
#            above 1000 tags, or where the registry sets a lower limit (`tags.maxtags`); a mirror or a cleanup that works by the
#            list then takes `latest`, or the moving `3`, for gone. The tag itself can be pulled all the time.
# Output     file system: 5 tags, in pages 3 3.1 3.1.2 latest latest-alpine
#            S3: 5 tags, in pages 3.1.2 3.1 3.1.2 latest-alpine
set -euo pipefail
folder=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
port=15972
store=15973
for command in github.com/distribution/distribution/v3/cmd/registry@v3.1.2 github.com/google/go-containerregistry/cmd/crane@v0.22.1; do
  GOBIN=$folder go install "$command" 2>log || { cat log; exit 2; }
done
python3 -m venv python
python/bin/pip install -q 'moto[s3]==5.2.5' flask==3.1.2 flask-cors==6.0.1 >log 2>&1 || { cat log; exit 2; }
export HOME=$folder
python/bin/moto_server -H 127.0.0.1 -p "$store" >log 2>&1 &
until curl -s -o /dev/null -X PUT "http://127.0.0.1:$store/registry"; do sleep 0.2; done
echo content >file
tar -cf layer.tar file

# listed TITLE STORAGE: the tags of a registry that keeps its files there, all at once and two by two.
listed() {
  local title=$1 repository=127.0.0.1:$port/app all
  cat >config.yml <<CONFIG
version: 0.1
log: {level: error, accesslog: {disabled: true}}
storage: {$2}
tags: {maxtags: 2}
http: {addr: "127.0.0.1:$port"}
CONFIG
  ./registry serve config.yml >log 2>&1 &
  local registry=$!
  until curl -sf -o /dev/null "http://127.0.0.1:$port/v2/"; do sleep 0.1; done
  ./crane append -f layer.tar -t "$repository:3" >log 2>&1
  for tag in 3.1 3.1.2 latest latest-alpine; do ./crane tag "$repository:3" "$tag" 2>log; done
  all=$(curl -sS "http://127.0.0.1:$port/v2/app/tags/list" | python3 -c 'import json, sys; print(len(json.load(sys.stdin)["tags"]))')
  echo "$title: $all tags, in pages $(./crane ls "$repository" | tr '\n' ' ' | sed 's/ $//')"
  kill "$registry"
  wait "$registry" 2>/dev/null || true
}
seen=$(
  listed 'file system' "filesystem: {rootdirectory: $folder/files}"
  listed S3 "s3: {accesskey: a, secretkey: b, region: us-east-1, regionendpoint: \"http://127.0.0.1:$store\",
    bucket: registry, secure: false, forcepathstyle: true}"
)
echo "$seen"
[ "$seen" = 'file system: 5 tags, in pages 3 3.1 3.1.2 latest latest-alpine
S3: 5 tags, in pages 3.1.2 3.1 3.1.2 latest-alpine' ]
