import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import land.oras.ArtifactType;
import land.oras.Config;
import land.oras.ContainerRef;
import land.oras.CopyUtils;
import land.oras.LayoutRef;
import land.oras.LocalPath;
import land.oras.ManifestDescriptor;
import land.oras.OCI;
import land.oras.OCILayout;
import land.oras.Ref;
import land.oras.Registry;
import land.oras.exception.OrasException;

/** oras for Java in the laboratory: one workflow. */
class Workflow {
    static final String NAME = System.getenv("REGISTRY") + "/" + System.getenv("REPO");
    static final ContainerRef TAGGED = ContainerRef.parse(NAME + ":v1");
    static final ContainerRef BY_DIGEST = TAGGED.withDigest(System.getenv("DIGEST"));
    static final Registry REGISTRY = Registry.builder().insecure().build();

    public static void main(String[] arguments) {
        try {
            switch (arguments[0]) {
                case "push" -> copy(layout("IMAGE"), in("IMAGE"), REGISTRY, TAGGED);
                case "pull" -> copy(REGISTRY, TAGGED, layout("OUT"), in("OUT"));
                case "tags" -> tags().forEach(System.out::println);
                case "copy" -> copy(REGISTRY, TAGGED, REGISTRY, ContainerRef.parse(NAME + "/copy:v1"));
                case "refer" -> refer(Path.of(System.getenv("HOME"), "artifact"));
                case "delete" -> REGISTRY.deleteManifest(BY_DIGEST);
                default -> throw new IllegalArgumentException(arguments[0]);
            }
        } catch (Exception error) {
            var answer = error instanceof OrasException exception ? exception.getError() : null;
            System.err.println((error + " " + answer).replace('\n', ' '));
            System.exit(1);
        }
        System.exit(0);
    }

    static <From extends Ref<From>, To extends Ref<To>> void copy(OCI<From> from, From what, OCI<To> to, To as) {
        CopyUtils.copy(from, what, to, as, CopyUtils.CopyOptions.shallow());
    }

    static OCILayout layout(String variable) {
        return OCILayout.builder().defaults(Path.of(System.getenv(variable))).build();
    }

    static LayoutRef in(String variable) {
        return LayoutRef.parse(System.getenv(variable) + ":v1");
    }

    /** The client asks for one page; whoever calls it asks for what follows the last tag, until nothing new comes. */
    static List<String> tags() {
        List<String> listed = new ArrayList<>(REGISTRY.getTags(TAGGED).tags());
        for (boolean more = !listed.isEmpty(); more;) {
            List<String> page = REGISTRY.getTags(TAGGED, 2, listed.get(listed.size() - 1)).tags();
            more = !listed.containsAll(page);
            if (more) {
                listed.addAll(page);
            }
        }
        return listed;
    }

    static void refer(Path artifact) throws Exception {
        Files.writeString(artifact, "artifact");
        var kind = ArtifactType.from("application/vnd.example.a");
        // Attaching does not bring along the empty object that it names.
        REGISTRY.pushConfig(TAGGED, Config.empty());
        REGISTRY.attachArtifact(BY_DIGEST, kind, LocalPath.of(artifact));
        for (ManifestDescriptor entry : REGISTRY.getReferrers(BY_DIGEST, kind).getManifests()) {
            System.out.println(entry.getDigest());
        }
    }
}
