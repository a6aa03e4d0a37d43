#!/usr/bin/env bash
# `crane flatten` turns a layer with a file that GNU tar has stored as sparse into one that Go cannot read, and says that it worked.
#
# Versions   github.com/google/go-containerregistry/cmd/crane v0.22.1 (also the registry), Go 1.25 or later, GNU tar 1.34 or later,
#            Python 3.11 or later (its standard library).
# Expected   A sparse file (`tar --sparse`) is written without its holes, and the list of them stands in its header. What reads an
#            archive and writes it anew writes such a file in full, or with the list; a header that says sparse and has no list
#            belongs to no format.
# Seen       The header of GNU's own format, which is what tar writes if it is not told otherwise, is passed on with its type `S` and
#            without the list, in front of the full content. `crane flatten` ends with 0, and `crane export` of what it made
#            with 1, "invalid tar header", as whatever reads layers with Go's archive/tar. Python's tarfile takes the file for
#            empty, without an error; GNU tar reads it. The same file in the PAX format is whole for all. `crane export` of the
#            image before flattening ends with 0 and writes such an archive, too.
# Matters    Disks of virtual machines, databases and logs with holes are put into layers with --sparse to keep these small. The
#            loss shows where the flattened image is first unpacked, with a message about the archive; or not at all, if
#            an export is read by a script.
# Output     gnu, as made: for tar whole, for Python whole
#            gnu, crane export ends with 0: for tar whole, for Python empty
#            gnu, crane flatten ends with 0: for tar whole, for Python empty; crane export of it ends with 1, invalid tar header
#            pax, as made: for tar whole, for Python whole
#            pax, crane export ends with 0: for tar whole, for Python whole
#            pax, crane flatten ends with 0: for tar whole, for Python whole; crane export of it ends with 0
set -euo pipefail
folder=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
registry=127.0.0.1:15982
GOBIN=$folder go install github.com/google/go-containerregistry/cmd/crane@v0.22.1 2>log || { cat log; exit 2; }
export HOME=$folder
./crane registry serve --address "$registry" >log 2>&1 &
until curl -sf -o /dev/null "http://$registry/v2/"; do sleep 0.1; done

mkdir files
printf 'beginning' >files/disk
truncate -s 3M files/disk
printf 'middle' >>files/disk
truncate -s 5M files/disk
echo 'no hole' >files/note
cat >read.py <<'PY'
import sys
import tarfile

with tarfile.open(sys.argv[1]) as archive:
    sys.stdout.buffer.write(archive.extractfile("disk").read())
PY

code() { local code=0; "$@" >log 2>&1 || code=$?; echo "$code"; }
# told FILE: whether that is the file as it was.
told() {
  if cmp -s files/disk "$1"; then echo whole; elif [ -s "$1" ]; then echo 'another content'; else echo empty; fi
}
read_by() {
  tar -xOf "$1" disk >by-tar 2>log || true
  python3 read.py "$1" >by-python 2>log || true
  echo "for tar $(told by-tar), for Python $(told by-python)"
}
seen=$(
  for format in gnu pax; do
    tar --format="$format" --sparse -C files -cf "$format.tar" disk
    tar -C files -cf note.tar note
    ./crane append -f "$format.tar" -f note.tar -t "$registry/app:$format" >log 2>&1
    echo "$format, as made: $(read_by "$format.tar")"
    ended=$(code ./crane export "$registry/app:$format" exported.tar)
    echo "$format, crane export ends with $ended: $(read_by exported.tar)"
    ended=$(code ./crane flatten -t "$registry/app:flat-$format" "$registry/app:$format")
    layer=$(./crane manifest "$registry/app:flat-$format" | python3 -c 'import json, sys; print(json.load(sys.stdin)["layers"][0]["digest"])')
    ./crane blob "$registry/app@$layer" | gzip -dc >layer.tar
    again=$(code ./crane export "$registry/app:flat-$format" again.tar)
    why=$(grep -aom1 'invalid tar header' log || true)
    echo "$format, crane flatten ends with $ended: $(read_by layer.tar); crane export of it ends with $again${why:+, $why}"
  done
)
echo "$seen"
[ "$seen" = 'gnu, as made: for tar whole, for Python whole
gnu, crane export ends with 0: for tar whole, for Python empty
gnu, crane flatten ends with 0: for tar whole, for Python empty; crane export of it ends with 1, invalid tar header
pax, as made: for tar whole, for Python whole
pax, crane export ends with 0: for tar whole, for Python whole
pax, crane flatten ends with 0: for tar whole, for Python whole; crane export of it ends with 0' ]
