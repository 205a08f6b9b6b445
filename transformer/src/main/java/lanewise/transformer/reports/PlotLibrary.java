package lanewise.transformer.reports;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Properties;

/** uPlot, from the class path, for pages that need nothing beside themselves. */
public final class PlotLibrary {
    private PlotLibrary() {
    }

    /** Its style sheet. */
    public static String css() {
        return read(folder() + "uPlot.min.css");
    }

    /** Its script, fit to stand in a script element. */
    public static String script() {
        return read(folder() + "uPlot.iife.min.js").replace("</script", "<\\/script");
    }

    /** The version is that of the coordinates that Maven writes into every jar. */
    private static String folder() {
        Properties coordinates = new Properties();
        try {
            coordinates.load(new StringReader(read("META-INF/maven/org.webjars.npm/uplot/pom.properties")));
        } catch (IOException impossible) {
            throw new AssertionError(impossible);
        }
        return "META-INF/resources/webjars/uplot/" + coordinates.getProperty("version") + "/dist/";
    }

    private static String read(String path) {
        return text(PlotLibrary.class.getClassLoader().getResourceAsStream(path), path);
    }

    /** All of a resource, which may be null. */
    static String text(InputStream stream, String name) {
        try (stream) {
            if (stream == null) {
                throw new FileNotFoundException(name + " is not on the class path");
            }
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException failure) {
            throw new UncheckedIOException("the report can't be made: " + failure.getMessage(), failure);
        }
    }
}
