// One workflow of the library that skopeo, podman and buildah are made of: `workflow push|pull|tags|copy|delete`.
package main

import (
	"context"
	"fmt"
	"os"

	"go.podman.io/image/v5/copy"
	"go.podman.io/image/v5/docker"
	"go.podman.io/image/v5/oci/layout"
	"go.podman.io/image/v5/signature"
	"go.podman.io/image/v5/types"
)

var (
	ctx    = context.Background()
	system = &types.SystemContext{DockerInsecureSkipTLSVerify: types.OptionalBoolTrue}
)

func main() {
	if err := follow(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "Error:", err)
		os.Exit(1)
	}
}

func follow(workflow string) error {
	repository := "//" + os.Getenv("REGISTRY") + "/" + os.Getenv("REPO")
	tagged, err := docker.ParseReference(repository + ":v1")
	if err != nil {
		return err
	}
	switch workflow {
	case "push":
		image, err := layout.NewReference(os.Getenv("IMAGE"), "v1")
		if err != nil {
			return err
		}
		return transfer(image, tagged)
	case "pull":
		out, err := layout.NewReference(os.Getenv("OUT"), "v1")
		if err != nil {
			return err
		}
		return transfer(tagged, out)
	case "copy":
		into, err := docker.ParseReference(repository + "/copy:v1")
		if err != nil {
			return err
		}
		return transfer(tagged, into)
	case "tags":
		tags, err := docker.GetRepositoryTags(ctx, system, tagged)
		for _, tag := range tags {
			fmt.Println(tag)
		}
		return err
	case "delete":
		manifest, err := docker.ParseReference(repository + "@" + os.Getenv("DIGEST"))
		if err != nil {
			return err
		}
		return manifest.DeleteImage(ctx, system)
	}
	return fmt.Errorf("there is no workflow %q", workflow)
}

func transfer(from, into types.ImageReference) error {
	anything := signature.Policy{Default: signature.PolicyRequirements{signature.NewPRInsecureAcceptAnything()}}
	policy, err := signature.NewPolicyContext(&anything)
	if err != nil {
		return err
	}
	defer policy.Destroy()
	_, err = copy.Image(ctx, policy, into, from, &copy.Options{SourceCtx: system, DestinationCtx: system})
	return err
}
