package lanewise.bench.results;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import lanewise.transformer.reports.AtomicFile;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.results.format.ResultFormatFactory;
import org.openjdk.jmh.results.format.ResultFormatType;

/** JMH's results as JMH writes them in JSON, except for white space: a line each, so that versions compare well. */
public final class RawFile {
    private RawFile() {
    }

    /** What the file holds; nothing if it does not exist. */
    static JsonArray read(Path file) throws IOException {
        return Files.exists(file) ? JsonParser.parseString(Files.readString(file)).getAsJsonArray() : new JsonArray();
    }

    /** Adds results; a reader sees the old file or the new one. */
    public static void append(Path file, Collection<RunResult> results) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (PrintStream stream = new PrintStream(bytes, true, StandardCharsets.UTF_8)) {
            ResultFormatFactory.getInstance(ResultFormatType.JSON, stream).writeOut(results);
        }
        JsonArray all = read(file);
        all.addAll(JsonParser.parseString(bytes.toString(StandardCharsets.UTF_8)).getAsJsonArray());
        StringBuilder text = new StringBuilder("[");
        for (JsonElement one : all) {
            text.append(text.length() == 1 ? "\n" : ",\n").append(one);
        }
        AtomicFile.write(file, text.append("\n]\n").toString());
    }
}
