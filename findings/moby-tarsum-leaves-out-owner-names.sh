#!/usr/bin/env bash
# The TarSum of moby 20.10 does not sum the names of owners, so it differs from the one that registries stored.
#
# Versions   github.com/docker/docker v20.10.27 (pkg/tarsum), Go 1.21 or later.
# Expected   TarSum is defined over uname and gname among the fields of each header, in every version; two archives that
#            differ in the name of the owner have two sums, and today's module reproduces the digests of old layers.
# Seen       Archives that differ in uname alone have one sum, under version 0, 1 and dev alike.
# Matters    Whoever verifies or migrates layers by `tarsum.v1+sha256:…` with the last module that carried it rejects layers
#            whose files name an owner, as Docker's own test archives do.
# Output     Version0 equal
#            Version1 equal
#            VersionDev equal
set -euo pipefail
folder=$(mktemp -d)
trap 'chmod -R u+w "$folder"; rm -rf "$folder"' EXIT
cd "$folder"
cat >main.go <<'GO'
package main

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"

	"github.com/docker/docker/pkg/tarsum"
)

func sum(owner string, version tarsum.Version) string {
	var archive bytes.Buffer
	writer := tar.NewWriter(&archive)
	header := &tar.Header{Name: "file", Mode: 0o644, Size: 5, Uname: owner, Format: tar.FormatUSTAR, Typeflag: tar.TypeReg}
	if err := writer.WriteHeader(header); err != nil {
		panic(err)
	}
	if _, err := writer.Write([]byte("hello")); err != nil {
		panic(err)
	}
	if err := writer.Close(); err != nil {
		panic(err)
	}
	reader, err := tarsum.NewTarSum(&archive, true, version)
	if err != nil {
		panic(err)
	}
	if _, err := io.Copy(io.Discard, reader); err != nil {
		panic(err)
	}
	return reader.Sum(nil)
}

func main() {
	versions := []struct {
		name    string
		version tarsum.Version
	}{{"Version0", tarsum.Version0}, {"Version1", tarsum.Version1}, {"VersionDev", tarsum.VersionDev}}
	for _, one := range versions {
		word := "different"
		if sum("alice", one.version) == sum("bob", one.version) {
			word = "equal"
		}
		fmt.Println(one.name, word)
	}
}
GO
go mod init finding >/dev/null 2>&1
go get github.com/docker/docker/pkg/tarsum@v20.10.27+incompatible >/dev/null 2>&1
seen=$(go run .)
echo "$seen"
[ "$seen" = 'Version0 equal
Version1 equal
VersionDev equal' ]
