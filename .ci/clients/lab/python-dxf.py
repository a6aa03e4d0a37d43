"""python-dxf in the laboratory: one workflow."""

import sys

from dxf import DXF
from layout import DIGEST, MANIFEST, PARTS, REGISTRY, REPO, blob, leave

dxf = DXF(REGISTRY, REPO, insecure=True)
match sys.argv[1]:
    case "push":
        for part in PARTS:
            dxf.push_blob(str(blob(part["digest"])))
        dxf.set_manifest("v1", MANIFEST.decode())
    case "pull":
        for digest in dxf.get_alias("v1"):
            leave(digest, b"".join(dxf.pull_blob(digest)))
    case "tags":
        print("\n".join(dxf.list_aliases()))
    case "copy":
        copy = DXF(REGISTRY, f"{REPO}/copy", insecure=True)
        manifest = dxf.get_manifest("v1")
        for part in PARTS:
            copy.mount_blob(REPO, part["digest"])
        copy.set_manifest("v1", manifest)
    case "delete":
        dxf.del_alias("v1")
