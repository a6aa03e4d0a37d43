#!/usr/bin/env bash
# oras for Java copies an index to another digest, and even when told to copy deep without what is attached to it or to its images.
#
# Versions   land.oras:oras-java-sdk 0.7.0, Java 17 or later, Maven 3.8 or later, oras.land/oras/cmd/oras v1.3.6,
#            github.com/google/go-containerregistry v0.22.1 (crane, and the registry), Go 1.26.7 or later, curl 7.88 or later.
# Expected   A copy has the digest of what was copied, as everything that names it by digest relies on; `CopyOptions.deep()`
#            "includes referrers", of an image as of an index of images.
# Seen       An image is copied byte for byte, with its SBOM. An index is parsed and written anew, its keys in another order, and so
#            stands under its tag with another digest; by the one that it had it cannot be pulled. And of what is attached to the
#            index, or to an image in it, nothing is copied, with no error. `oras cp --recursive`, of the same project in Go, keeps
#            the digest and copies both.
# Matters    Most images are indexes. After a mirror by the Java library a deployment that pins the digest does not find it, and
#            neither signature nor SBOM is there to be asked for.
# Output     image by oras-java: the same digest, attached 1
#            index by oras-java: another digest (by the old one not there), attached to it 0, to an image in it 0
#            index by oras: the same digest (by the old one there), attached to it 1, to an image in it 1
set -euo pipefail
folder=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
registry=127.0.0.1:15941
for command in oras.land/oras/cmd/oras@v1.3.6 github.com/google/go-containerregistry/cmd/crane@v0.22.1; do
  GOBIN=$folder go install "$command" 2>log || { cat log; exit 2; }
done
mkdir registry java
cat >registry/main.go <<'GO'
// The registry of crane with the referrers API, and with the header that says so, OCI-Subject.
package main

import (
	"bytes"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"os"

	"github.com/google/go-containerregistry/pkg/registry"
)

func main() {
	handler := registry.New(registry.WithReferrersSupport(true))
	log.Fatal(http.ListenAndServe(os.Args[1], http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		var manifest struct{ Subject struct{ Digest string } }
		if r.Method == http.MethodPut && json.Unmarshal(body, &manifest) == nil && manifest.Subject.Digest != "" {
			w.Header().Set("OCI-Subject", manifest.Subject.Digest)
		}
		handler.ServeHTTP(w, r)
	})))
}
GO
(cd registry && export GOFLAGS=-mod=mod && go mod init example.org/finding &&
  go get github.com/google/go-containerregistry@v0.22.1 && go build -o ../served .) >log 2>&1 || { cat log; exit 2; }
cat >java/pom.xml <<'POM'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>org.example</groupId>
  <artifactId>finding</artifactId>
  <version>1</version>
  <dependencies>
    <dependency><groupId>land.oras</groupId><artifactId>oras-java-sdk</artifactId><version>0.7.0</version></dependency>
  </dependencies>
</project>
POM
cat >java/Copy.java <<'JAVA'
import land.oras.ContainerRef;
import land.oras.CopyUtils;
import land.oras.Registry;

class Copy {
    public static void main(String[] arguments) {
        Registry registry = Registry.builder().insecure().build();
        for (String name : new String[] {"amd64", "both"}) {
            ContainerRef from = ContainerRef.parse(arguments[0] + "/app:" + name);
            ContainerRef to = ContainerRef.parse(arguments[0] + "/by-java-" + name + ":" + name);
            CopyUtils.copy(registry, from, registry, to, CopyUtils.CopyOptions.deep());
        }
        System.exit(0);
    }
}
JAVA
(cd java && mvn -q dependency:copy-dependencies -DoutputDirectory=lib) >log 2>&1 || { cat log; exit 2; }
export HOME=$folder
./served "$registry" >log 2>&1 &
until curl -sf -o /dev/null "http://$registry/v2/"; do sleep 0.1; done

echo content >file
tar -cf layer.tar file
for architecture in amd64 arm64; do
  ./crane append -f layer.tar -t "$registry/app:$architecture" >log 2>&1
  ./crane mutate --set-platform "linux/$architecture" -t "$registry/app:$architecture" "$registry/app:$architecture" >log 2>&1
done
./crane index append -m "$registry/app:amd64" -m "$registry/app:arm64" -t "$registry/app:both" >log 2>&1
index=$(./crane digest "$registry/app:both")
image=$(./crane digest "$registry/app:amd64")
for subject in "$index" "$image"; do
  echo "of $subject" >sbom
  ./oras attach --plain-http --artifact-type application/vnd.example.sbom "$registry/app@$subject" sbom:text/plain >log 2>&1
done

digest() { if [ "$(./crane digest "$registry/$1")" = "$2" ]; then echo 'the same digest'; else echo 'another digest'; fi; }
there() { if ./crane manifest "$registry/$1" >log 2>&1; then echo there; else echo 'not there'; fi; }
attached() { curl -sS "http://$registry/v2/$1/referrers/$2" | grep -o '"digest"' | wc -l; }
(cd java && timeout 120 java -cp 'lib/*' Copy.java "$registry") >log 2>&1 || { cat log; exit 2; }
./oras cp --recursive --from-plain-http --to-plain-http "$registry/app:both" "$registry/by-oras:both" >log 2>&1
seen=$(
  echo "image by oras-java: $(digest by-java-amd64:amd64 "$image"), attached $(attached by-java-amd64 "$image")"
  for copy in by-java-both by-oras; do
    title=${copy/by-oras/oras}
    echo "index by ${title/by-java-both/oras-java}: $(digest "$copy:both" "$index") (by the old one $(there "$copy@$index"))," \
      "attached to it $(attached "$copy" "$index"), to an image in it $(attached "$copy" "$image")"
  done
)
echo "$seen"
[ "$seen" = 'image by oras-java: the same digest, attached 1
index by oras-java: another digest (by the old one not there), attached to it 0, to an image in it 0
index by oras: the same digest (by the old one there), attached to it 1, to an image in it 1' ]
