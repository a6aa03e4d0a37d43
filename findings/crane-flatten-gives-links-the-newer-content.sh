#!/usr/bin/env bash
# When a file of two names is replaced under one of them in a later layer, `crane flatten` gives the other name the new content, too.
#
# Versions   github.com/google/go-containerregistry/cmd/crane v0.22.1 (also the registry), Go 1.25 or later, GNU tar 1.34 or later,
#            Python 3.11 or later.
# Expected   Layers are applied in order (OCI image, Applying Changesets): a file that a later layer brings stands in the
#            place of one name, and what else was linked to the old file is still the old file. A flattened image has the same files.
# Seen       crane goes from the last layer to the first and leaves out what it has seen. `bin/tool`, the new file, is written; the
#            old `bin/tool` is left out; and `bin/tool-1`, in the layer a hard link to `bin/tool`, is written as that link, now to
#            the new file. Where a later layer deletes `bin/tool`, the link leads nowhere: `crane flatten` ends with 0, and the
#            image that it has pushed cannot be unpacked. `crane export` writes the same archives.
# Matters    Archivers and package managers store files of several names so: git, perl, compilers, time zones. The content changes
#            under a name that no layer touched, or a node fails to start an image that was fine.
# Output     replaced, by layers: tool 2, tool-1 1
#            replaced, flattened (ended with 0): tool 2, tool-1 2
#            deleted, by layers: tool gone, tool-1 1
#            deleted, flattened (ended with 0): tool gone, tool-1 gone; tar ends with 2
set -euo pipefail
folder=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
registry=127.0.0.1:15971
GOBIN=$folder go install github.com/google/go-containerregistry/cmd/crane@v0.22.1 2>log || { cat log; exit 2; }
export HOME=$folder
./crane registry serve --address "$registry" >log 2>&1 &
until curl -sf -o /dev/null "http://$registry/v2/"; do sleep 0.1; done

mkdir -p base/bin replaced/bin deleted/bin
echo 1 >base/bin/tool
ln base/bin/tool base/bin/tool-1
echo 2 >replaced/bin/tool
touch deleted/bin/.wh.tool
tar -C base -cf base.tar bin/tool bin/tool-1
tar -C replaced -cf replaced.tar bin/tool
tar -C deleted -cf deleted.tar bin/.wh.tool

content() { if [ -e "$1" ]; then cat "$1"; else echo gone; fi; }
files() { echo "tool $(content "$1/bin/tool"), tool-1 $(content "$1/bin/tool-1")"; }
seen=$(
  for change in replaced deleted; do
    image=$registry/app:$change
    ./crane append -f base.tar -f "$change.tar" -t "$image" >log 2>&1

    mkdir "$change-layers" "$change-flat"
    for layer in base "$change"; do tar -C "$change-layers" -xf "$layer.tar"; done
    if [ -e "$change-layers/bin/.wh.tool" ]; then rm "$change-layers/bin/tool"; fi
    echo "$change, by layers: $(files "$change-layers")"

    ended=0
    ./crane flatten -t "$image-flat" "$image" >log 2>&1 || ended=$?
    layer=$(./crane manifest "$image-flat" | python3 -c 'import json, sys; print(json.load(sys.stdin)["layers"][0]["digest"])')
    unpacked=0
    ./crane blob "$registry/app@$layer" >layer.tar.gz
    tar -C "$change-flat" -xzf layer.tar.gz 2>log || unpacked=$?
    echo "$change, flattened (ended with $ended): $(files "$change-flat")$([ "$unpacked" = 0 ] || echo "; tar ends with $unpacked")"
  done
)
echo "$seen"
[ "$seen" = 'replaced, by layers: tool 2, tool-1 1
replaced, flattened (ended with 0): tool 2, tool-1 2
deleted, by layers: tool gone, tool-1 1
deleted, flattened (ended with 0): tool gone, tool-1 gone; tar ends with 2' ]
