#!/usr/bin/env bash
# Java 17 reads a layer of several gzip members only as far as the network has come: a pause between two members ends it.
#
# Versions   Java 17 (java.util.zip, java.net.http), github.com/containerd/stargz-snapshotter/estargz v0.19.1, Go 1.24 or later.
# Expected   GZIPInputStream reads concatenated members to the end of its stream, as it does from a file; what a server sends
#            a second later changes how long that takes, not what is read. What is missing raises EOFException.
# Seen       An eStargz layer, which is a gzip member for each file and more: whole from a file, and whole from a server that
#            sends without a pause. When the server pauses after the first member, the stream ends there, without an
#            exception, through HttpClient, through URLConnection, and through a BufferedInputStream too; Content-Length has
#            been told rightly. The class takes `available() == 0` for the end as soon as nothing of a next member is in
#            its own buffer.
# Matters    A scanner or unpacker in Java that streams a layer sees a part of its files now and then, and calls it the whole.
# Output     file: whole
#            no pause: HttpClient whole, URLConnection whole, buffered whole
#            pause: HttpClient cut, URLConnection cut, buffered cut
set -euo pipefail
folder=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
export GOFLAGS=-mod=mod
cat >main.go <<'GO'
package main

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/containerd/stargz-snapshotter/estargz"
)

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func main() {
	var archive bytes.Buffer
	writer := tar.NewWriter(&archive)
	for _, name := range []string{"one", "two"} {
		content := strings.Repeat(name+"\n", 1000)
		if err := writer.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(content)), Typeflag: tar.TypeReg}); err != nil {
			panic(err)
		}
		must(io.WriteString(writer, content))
	}
	if err := writer.Close(); err != nil {
		panic(err)
	}
	layer := must(io.ReadAll(must(estargz.Build(io.NewSectionReader(bytes.NewReader(archive.Bytes()), 0, int64(archive.Len()))))))
	if err := os.WriteFile("layer", layer, 0o644); err != nil {
		panic(err)
	}
	reader := must(estargz.Open(io.NewSectionReader(bytes.NewReader(layer), 0, int64(len(layer)))))
	entry, ok := reader.Lookup("two")
	if !ok {
		panic("no entry for the second file")
	}

	serve := func(pause time.Duration) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", strconv.Itoa(len(layer)))
			must(w.Write(layer[:entry.Offset]))
			w.(http.Flusher).Flush()
			time.Sleep(pause)
			w.Write(layer[entry.Offset:]) // the reader may have gone
		}
	}
	http.HandleFunc("/whole", func(w http.ResponseWriter, _ *http.Request) { must(w.Write(layer)) })
	http.HandleFunc("/pause", serve(2*time.Second))
	listener := must(net.Listen("tcp", "127.0.0.1:0"))
	fmt.Println(listener.Addr())
	panic(http.Serve(listener, nil))
}
GO
cat >Read.java <<'JAVA'
import java.io.*;
import java.net.URI;
import java.net.http.*;
import java.util.zip.GZIPInputStream;

class Read {
    static long whole;

    static String read(InputStream layer) throws IOException {
        try (InputStream plain = new GZIPInputStream(layer)) {
            long length = plain.transferTo(OutputStream.nullOutputStream());
            return length == whole ? "whole" : length < whole ? "cut" : "longer";
        }
    }

    static InputStream get(URI uri) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(uri).build();
        return HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofInputStream()).body();
    }

    public static void main(String[] arguments) throws Exception {
        whole = Long.parseLong(arguments[1]);
        System.out.println("file: " + read(new FileInputStream("layer")));
        for (String[] kind : new String[][] {{"no pause", "whole"}, {"pause", "pause"}}) {
            URI uri = URI.create("http://" + arguments[0] + "/" + kind[1]);
            System.out.printf("%s: HttpClient %s, URLConnection %s, buffered %s%n", kind[0], read(get(uri)),
                read(uri.toURL().openStream()), read(new BufferedInputStream(get(uri))));
        }
    }
}
JAVA
go mod init example.org/finding >log 2>&1
go get github.com/containerd/stargz-snapshotter/estargz@v0.19.1 >>log 2>&1 || { cat log; exit 2; }
go build -o serve . >>log 2>&1 || { cat log; exit 2; }
./serve >address &
until [ -s address ]; do sleep 0.1; done

java -version 2>&1 | head -1
seen=$(java Read.java "$(cat address)" "$(gzip -dc layer | wc -c)")
echo "$seen"
[ "$seen" = 'file: whole
no pause: HttpClient whole, URLConnection whole, buffered whole
pause: HttpClient cut, URLConnection cut, buffered cut' ]
