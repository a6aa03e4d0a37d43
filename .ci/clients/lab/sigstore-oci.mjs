// @sigstore/oci in the laboratory: it attaches an artifact to the image, and tells of no other.

import { createRequire } from "node:module";

const { CLIENT, REGISTRY, REPO, DIGEST } = process.env;
const { attachArtifactToImage } = createRequire(`${CLIENT}/`)("@sigstore/oci");

try {
  const attached = await attachArtifactToImage({
    imageName: `${REGISTRY}/${REPO}`,
    imageDigest: DIGEST,
    mediaType: "application/vnd.example.a",
    artifact: Buffer.from("artifact\n"),
  });
  console.log(attached.digest);
} catch (error) {
  console.error(`Error: ${error.message}: ${error.cause?.message}`);
  process.exitCode = 1;
}
