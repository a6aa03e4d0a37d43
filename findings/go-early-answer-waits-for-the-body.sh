#!/usr/bin/env bash
# Where middleware puts a reader of its own around the body of a request, Go's HTTP server holds an early refusal back.
#
# Versions   go 1.26.8, otelhttp v0.67.0, curl 7.88 or later.
# Expected   A client that asks `Expect: 100-continue` is refused at once by a handler that never reads the body,
#            whatever middleware stands before it: it saves the upload.
# Seen       Bare, and where the middleware works on a copy of the request: 404 at once. Where the body of the request
#            itself is replaced, as the handler of OpenTelemetry does to count bytes: neither 100 nor 404 until the
#            client gives up waiting and sends the whole body; then 404. The server knows the reader that announces
#            100 by its type, does not find it, and reads on from the connection before it answers.
# Matters    The registry of distribution 3 stands behind that middleware: a push to an upload that is gone costs the
#            client's patience and the whole layer.
# Output     bare 404 at once
#            copied 404 at once
#            replaced 404 after the client gave up
#            otelhttp 404 after the client gave up
set -euo pipefail
folder=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
export GOFLAGS=-mod=mod

cat >main.go <<'GO'
package main

import (
	"fmt"
	"io"
	"net"
	"net/http"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
)

type counted struct{ io.ReadCloser }

func refuse(w http.ResponseWriter, _ *http.Request) {
	http.Error(w, "no such upload", http.StatusNotFound)
}

func copied(w http.ResponseWriter, r *http.Request) {
	r = r.WithContext(r.Context())
	replaced(w, r)
}

func replaced(w http.ResponseWriter, r *http.Request) {
	r.Body = counted{r.Body}
	refuse(w, r)
}

func main() {
	http.HandleFunc("/bare", refuse)
	http.HandleFunc("/copied", copied)
	http.HandleFunc("/replaced", replaced)
	http.Handle("/otelhttp", otelhttp.NewHandler(http.HandlerFunc(refuse), "refuse"))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(listener.Addr())
	panic(http.Serve(listener, nil))
}
GO
go mod init example.org/finding >log 2>&1
go get go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp@v0.67.0 >>log 2>&1 || { cat log; exit 2; }
go build -o server . >>log 2>&1 || { cat log; exit 2; }
./server >address &
until [ -s address ]; do sleep 0.1; done

go version
head -c 20000 /dev/zero >body
patience=3
for path in bare copied replaced otelhttp; do
  told=$(curl -s -o /dev/null -w '%{http_code} %{time_total}' --expect100-timeout "$patience" \
    -H 'Expect: 100-continue' -X PATCH --data-binary @body "http://$(cat address)/$path")
  if awk -v took="${told#* }" -v patience="$patience" 'BEGIN { exit !(took < patience / 2) }'; then
    echo "$path ${told% *} at once"
  else
    echo "$path ${told% *} after the client gave up"
  fi
done | tee seen

diff seen - <<'SEEN'
bare 404 at once
copied 404 at once
replaced 404 after the client gave up
otelhttp 404 after the client gave up
SEEN
