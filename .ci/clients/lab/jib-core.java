import com.google.cloud.tools.jib.api.Containerizer;
import com.google.cloud.tools.jib.api.Jib;
import com.google.cloud.tools.jib.api.RegistryImage;
import com.google.cloud.tools.jib.api.TarImage;
import java.nio.file.Path;

/** jib in the laboratory: one workflow, from an archive of Docker's or to one. */
class Workflow {
    static final String NAME = System.getenv("REGISTRY") + "/" + System.getenv("REPO");

    public static void main(String[] arguments) {
        try {
            RegistryImage image = RegistryImage.named(NAME + ":v1");
            switch (arguments[0]) {
                case "push" -> Jib.from(TarImage.at(path("ARCHIVE"))).containerize(with(Containerizer.to(image)));
                case "pull" -> Jib.from(image).containerize(
                    with(Containerizer.to(TarImage.at(path("OUT")).named(NAME))));
                case "copy" -> Jib.from(image).containerize(
                    with(Containerizer.to(RegistryImage.named(NAME + "/copy:v1"))));
                default -> throw new IllegalArgumentException(arguments[0]);
            }
        } catch (Exception error) {
            System.err.println(error);
            System.exit(1);
        }
        System.exit(0);
    }

    static Path path(String variable) {
        return Path.of(System.getenv(variable));
    }

    static Containerizer with(Containerizer containerizer) {
        return containerizer
            .setAllowInsecureRegistries(true)
            .setBaseImageLayersCache(path("HOME"))
            .setApplicationLayersCache(path("HOME"));
    }
}
