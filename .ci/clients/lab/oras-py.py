"""oras for Python in the laboratory: one workflow."""

import json
import sys

from layout import IMAGE, MANIFEST, PARTS, REGISTRY, REPO, blob, leave
from oras.client import OrasClient

client = OrasClient(insecure=True)
target = f"{REGISTRY}/{REPO}:v1"
match sys.argv[1]:
    case "push":
        container = client.get_container(target)
        for part in PARTS:
            answer = client.upload_blob(str(blob(part["digest"])), container, part)
            answer.raise_for_status()
        client.upload_manifest(json.loads(MANIFEST), container).raise_for_status()
    case "pull":
        for layer in client.get_manifest(target)["layers"]:
            leave(layer["digest"], client.get_blob(client.get_container(target), layer["digest"]).content)
    case "tags":
        print("\n".join(client.get_tags(f"{REGISTRY}/{REPO}")))
    case "delete":
        client.delete_tag(f"{REGISTRY}/{REPO}", "v1")
