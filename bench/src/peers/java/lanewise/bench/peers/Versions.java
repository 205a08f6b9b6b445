package lanewise.bench.peers;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;

/** Versions of libraries that do not tell theirs: those of {@code pom.xml}. */
final class Versions {
    private Versions() {
    }

    /** The version by the contender's name. */
    static String of(String name) {
        Properties versions = new Properties();
        try (InputStream stream = Versions.class.getResourceAsStream("versions.properties")) {
            versions.load(stream);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
        return versions.getProperty(name);
    }
}
