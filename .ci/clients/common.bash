# What the clients written in bash share.
#
# REGISTRY is the host and port, AUTHORITY the file with its authority (empty: no TLS), ACCOUNT a name and password
# (empty: none is asked for), TOKENS who issues tokens for it (empty: the registry asks for the password), STRANGER a registry whose authority nobody trusts, IMAGES the layout of images to push
# (amd64, arm64, and both), WORK an empty directory, TOOLS where compiled clients are kept, ASSIZE the suite.
set -euo pipefail

version() { echo "version $*"; }
did() { echo "did $*"; }
cannot() { echo "cannot $*"; }

# Holds two values against each other.
same() {
  if [ "$2" != "$3" ]; then
    echo "$1 is $3, not $2" >&2
    return 1
  fi
}

# Asks the registry without the client.
ask() {
  local shown=(${ACCOUNT:+--user "$ACCOUNT"})
  [ -z "$TOKENS" ] || shown=(-H "Authorization: Bearer $(token "$1")")
  curl -sS ${AUTHORITY:+--cacert "$AUTHORITY"} "${shown[@]}" -H 'Accept: */*' "${@:2}" "http${AUTHORITY:+s}://$REGISTRY$1"
}
# A token to read what is at this path: below the name of its repository stand two words more.
token() {
  local name=${1#/v2/}
  curl -sS --cacert "$AUTHORITY" --user "$ACCOUNT" "$TOKENS?scope=repository:${name%/*/*}:pull" | jq -r .token
}
# The digest of the manifest that the registry has, from its bytes.
stored() { echo "sha256:$(ask "/v2/$1/manifests/$2" -f | sha256sum | cut -d' ' -f1)"; }
# The tags that the registry has.
tags() { ask "/v2/$1/tags/list" -f | jq -r '.tags | join(" ")'; }
status() { ask "$1" -o /dev/null -w '%{http_code}'; }

# The digest under a name in the layout of images to push.
made() {
  jq -r --arg name "$1" '.manifests[] | select(.annotations["org.opencontainers.image.ref.name"] == $name).digest' \
    "$IMAGES/index.json"
}

# A command that must not succeed, and why.
refused() {
  local why=$1 said
  shift
  if said=$("$@" 2>&1); then
    echo "this went well, and should not have: $*" >&2
    return 1
  fi
  grep -Eqi "$why" <<<"$said" || {
    printf 'this failed for another reason: %s\n%s\n' "$*" "$said" >&2
    return 1
  }
}

# Compiles a client that comes as a Go module, once.
go_tool() {
  local program=${1%@*}
  [ -x "$TOOLS/${program##*/}" ] || GOBIN=$TOOLS go install "$1"
}

# Whoever has logged in with a client need tell the suite nothing.
then_assize_works() {
  [ -n "$ACCOUNT" ] || return 0
  "$ASSIZE" run "$REGISTRY" --ca "$AUTHORITY" --only pull/manifest >&2
  did run of the suite with this login
}

# Where accounts are kept.
export XDG_RUNTIME_DIR=$WORK

# Starts a daemon that ends with the client.
start() {
  "$@" >"$WORK/daemon.log" 2>&1 &
  daemon=$!
  trap 'kill $daemon; wait $daemon || true' EXIT
}
# Waits for the daemon until a command goes well.
until_it_answers() {
  until "$@" >/dev/null 2>&1; do
    kill -0 "$daemon"
    sleep 0.1
  done
}

# Introduces a client: where there is TLS it must not trust a stranger, and where there are accounts it must give one.
# The first argument is the command that logs in, if there is one; the others a command that ends where a reference
# follows.
introduce() {
  local login=$1
  shift
  if [ -n "$AUTHORITY" ]; then
    refused 'certificate|x509' "$@$STRANGER/team/app:v1"
    did distrust of a stranger
  fi
  if [ -n "$ACCOUNT" ]; then
    refused 'unauthorized|authentication required|no basic auth|credential not found' "$@$REGISTRY/team/app:v1"
    [ -z "$login" ] || $login --username "${ACCOUNT%%:*}" --password-stdin "$REGISTRY" <<<"${ACCOUNT#*:}" >&2
    did login
  fi
}
