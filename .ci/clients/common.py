"""What the clients written in Python share; common.bash says what the variables hold."""

import base64
import hashlib
import json
import os
import ssl
import urllib.error
import urllib.request
from importlib.metadata import version as installed
from pathlib import Path

REGISTRY = os.environ["REGISTRY"]
AUTHORITY = os.environ["AUTHORITY"]
STRANGER = os.environ["STRANGER"]
WORK = Path(os.environ["WORK"])
IMAGES = Path(os.environ["IMAGES"])
CONTENT = IMAGES.with_suffix(".content")
NAME, _, PASSWORD = os.environ["ACCOUNT"].partition(":")
TOKENS = os.environ["TOKENS"]


def version(package):
    print("version", package, installed(package))


def did(what):
    print("did", what)


def cannot(what):
    print("cannot", what)


def same(what, expected, actual):
    if expected != actual:
        raise SystemExit(f"{what} is {actual!r}, not {expected!r}")


def digest(content):
    return "sha256:" + hashlib.sha256(content).hexdigest()


def refused(kind, why, call):
    """Makes a call that must fail, and for that reason."""
    try:
        call()
    except kind as error:
        if why not in f"{type(error).__name__}: {error}":
            raise SystemExit(f"this failed for another reason: {error!r}") from error
    else:
        raise SystemExit(f"this went well, and should have failed: {why}")


def ask(path):
    """Asks the registry without the client: the status and the content."""
    account = base64.b64encode(f"{NAME}:{PASSWORD}".encode()).decode()
    shown = f"Basic {account}" if NAME else ""
    if TOKENS:
        # Below the name of its repository stand two words more.
        name = path.removeprefix("/v2/").rsplit("/", 2)[0]
        _, issued = fetch(f"{TOKENS}?scope=repository:{name}:pull", shown)
        shown = f"Bearer {json.loads(issued)['token']}"
    return fetch(f"http{'s' if AUTHORITY else ''}://{REGISTRY}{path}", shown)


def fetch(url, shown):
    request = urllib.request.Request(url, headers={"Accept": "*/*"})
    if shown:
        request.add_header("Authorization", shown)
    trust = ssl.create_default_context(cafile=AUTHORITY) if AUTHORITY else None
    try:
        with urllib.request.urlopen(request, context=trust) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def stored(repository, reference):
    """The digest of the manifest that the registry has, from its bytes."""
    status, content = ask(f"/v2/{repository}/manifests/{reference}")
    same("the answer for the manifest", 200, status)
    return digest(content)


def made(name):
    """The manifest under a name in the layout of images to push."""
    entries = json.loads((IMAGES / "index.json").read_bytes())["manifests"]
    [found] = [entry["digest"] for entry in entries if name in entry["annotations"].values()]
    return json.loads(blob(found).read_bytes())


def blob(digest):
    """The file of a blob in the layout of images to push."""
    return IMAGES / "blobs" / digest.replace(":", "/")
