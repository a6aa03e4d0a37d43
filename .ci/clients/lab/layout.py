"""What the Python clients of the laboratory share: the image to push, and where to leave what was pulled."""

import json
import os
from pathlib import Path

REGISTRY, REPO, DIGEST = (os.environ[name] for name in ("REGISTRY", "REPO", "DIGEST"))
OUT, IMAGE = Path(os.environ["OUT"]), Path(os.environ["IMAGE"])


def blob(digest):
    """The file of a blob of the image."""
    return IMAGE / "blobs" / digest.replace(":", "/")


MANIFEST = blob(json.loads((IMAGE / "index.json").read_bytes())["manifests"][0]["digest"]).read_bytes()
PARTS = [json.loads(MANIFEST)["config"], *json.loads(MANIFEST)["layers"]]


def leave(digest, content):
    """Leaves a layer that was pulled."""
    OUT.mkdir(exist_ok=True)
    (OUT / digest.replace(":", "-")).write_bytes(content)
