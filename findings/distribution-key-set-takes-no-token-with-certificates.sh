#!/usr/bin/env bash
# distribution trusts a key by name in its `jwks`, but not if the token that the key has signed also carries its certificate (`x5c`).
#
# Versions   github.com/distribution/distribution/v3/cmd/registry v3.1.2 (its configuration `auth.token.jwks`), openssl 3, Go 1.24 or later.
# Expected   The page "Token Authentication Implementation" has three ways to know a key, the next where one fails: x5c, jwk, kid. So a token whose
#            kid is in the key set is taken, whatever chain it carries beside it.
# Seen       Without x5c the token is taken. With x5c, from the same key and with the same kid, it is refused: "certificate signed by unknown
#            authority". A chain that is there and is not trusted ends the search; only one that is missing lets it go on. With the
#            certificate as `rootcertbundle` the token with x5c is taken.
# Matters    An issuer that serves several registries writes x5c, since docker-registry 2.8 knows nothing else by a certificate; a registry that is
#            moved from rootcertbundle to jwks then refuses every login, though the key set is right.
# Output     jwks, kid: 202
#            jwks, kid and x5c: 401
#            rootcertbundle, kid and x5c: 202
set -euo pipefail
folder=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
GOBIN=$folder go install github.com/distribution/distribution/v3/cmd/registry@v3.1.2 2>log || { cat log; exit 2; }
openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=issuer -days 2 -keyout key.pem -out certificate.pem 2>log

url64() { openssl base64 -A | tr '+/' '-_' | tr -d =; }
modulus=$(openssl rsa -in key.pem -noout -modulus | cut -d= -f2 | xxd -r -p | url64)
echo "{\"keys\": [{\"kty\": \"RSA\", \"kid\": \"one\", \"use\": \"sig\", \"alg\": \"RS256\", \"n\": \"$modulus\", \"e\": \"AQAB\"}]}" >keys.json
now=$(date +%s)
claims=$(echo -n "{\"iss\":\"issuer\",\"aud\":\"registry\",\"sub\":\"\",\"jti\":\"1\",\"iat\":$now,\"nbf\":$now,\"exp\":$((now + 300)),\"access\":[{\"type\":\"repository\",\"name\":\"a\",\"actions\":[\"pull\",\"push\"]}]}" | url64)
# A token with these members in its header.
token() {
  local message
  message=$(echo -n "{\"typ\":\"JWT\",\"alg\":\"RS256\",\"kid\":\"one\"$1}" | url64).$claims
  echo "$message.$(echo -n "$message" | openssl dgst -sha256 -sign key.pem | url64)"
}
chain=",\"x5c\":[\"$(openssl x509 -in certificate.pem -outform DER | openssl base64 -A)\"]"

# A registry that trusts in this way, on this port.
serve() {
  cat >"$2.yml" <<CONFIG
version: 0.1
log: {level: error, accesslog: {disabled: true}}
storage: {inmemory: {}}
http: {addr: "127.0.0.1:$2"}
auth: {token: {realm: "http://127.0.0.1:1/token", service: registry, issuer: issuer, $1}}
CONFIG
  ./registry serve "$2.yml" >log 2>&1 &
  until curl -s -o /dev/null "http://127.0.0.1:$2/v2/"; do sleep 0.1; done
}
serve "jwks: $folder/keys.json" 15995
serve "rootcertbundle: $folder/certificate.pem" 15996

asked() { curl -s -o /dev/null -w '%{http_code}' -X POST -H "Authorization: Bearer $(token "$2")" "http://127.0.0.1:$1/v2/a/blobs/uploads/"; }
seen="jwks, kid: $(asked 15995 '')
jwks, kid and x5c: $(asked 15995 "$chain")
rootcertbundle, kid and x5c: $(asked 15996 "$chain")"
echo "$seen"
[ "$seen" = 'jwks, kid: 202
jwks, kid and x5c: 401
rootcertbundle, kid and x5c: 202' ]
