package lanewise.bench.gpu;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import lanewise.transformer.reports.AtomicFile;

/**
 * Makes {@code gpu.json} of what the parts of the GPU check left in a folder, whichever of them came to their end, and prints the table.
 * A part may have left: its results; {@code PART.failure}, why it has none; or nothing.
 */
public final class GpuCheck {
    private static final Pattern TEST = Pattern.compile("(?:JUnit Jupiter > )?(.*) :: (SUCCESSFUL|FAILED|ABORTED|SKIPPED)");
    private static final String NOT_RUN = "was not run";

    private final Path folder;

    private GpuCheck(Path folder) {
        this.folder = folder;
    }

    /** Arguments: the folder, and the file of the rows. Exit code: 1 if a test failed or a target was missed, 0 if not. */
    public static void main(String[] arguments) throws IOException {
        Path folder = Path.of(arguments[0]);
        JsonObject json = gather(folder, Path.of(arguments[1]));
        AtomicFile.write(folder.resolve(GpuResults.FILE), new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create().toJson(json) + "\n");
        GpuResults results = GpuResults.of(json);
        System.out.print(results.text());
        System.exit(results.lines().stream().anyMatch(line -> line.met().equals("no")) ? 1 : 0);
    }

    /** What {@code gpu.json} is to hold. */
    static JsonObject gather(Path folder, Path rows) throws IOException {
        return new GpuCheck(folder).json(rows);
    }

    private JsonObject json(Path rows) throws IOException {
        JsonObject json = new JsonObject();
        JsonObject lanewise = object("lanewise.json");
        JsonObject pytorch = object("pytorch.json");
        json.add("facts", facts(lanewise, pytorch));
        json.add("tests", tests());
        JsonArray all = new JsonArray();
        for (GpuRow row : GpuTimings.rows(rows)) {
            JsonObject one = new JsonObject();
            one.addProperty("row", row.name());
            side(one, "lanewise", lanewise, row);
            side(one, "pytorch", pytorch, row);
            all.add(one);
        }
        json.add("rows", all);
        json.add("training", training());
        return json;
    }

    private JsonObject object(String name) throws IOException {
        Path file = folder.resolve(name);
        return Files.exists(file) ? JsonParser.parseString(Files.readString(file)).getAsJsonObject() : new JsonObject();
    }

    /** Why a part has no results; null if it does not say. */
    private String failure(String part) throws IOException {
        Path file = folder.resolve(part + ".failure");
        return Files.exists(file) ? Files.readString(file).strip() : null;
    }

    private JsonObject facts(JsonObject lanewise, JsonObject pytorch) throws IOException {
        JsonObject facts = new JsonObject();
        Path about = folder.resolve("facts.txt");
        if (Files.exists(about)) {
            for (String line : Files.readAllLines(about)) {
                int colon = line.indexOf(": ");
                if (colon > 0) {
                    facts.addProperty(line.substring(0, colon), line.substring(colon + 2));
                }
            }
        }
        copy(lanewise, "implementation", facts, "kernels");
        copy(lanewise, "java", facts, "Java");
        copy(pytorch, "version", facts, "PyTorch");
        for (String part : List.of("lanewise", "pytorch")) {
            if (failure(part) != null) {
                facts.addProperty("timings of " + part, failure(part));
            }
        }
        return facts;
    }

    private static void copy(JsonObject from, String name, JsonObject to, String newName) {
        if (from.has(name)) {
            to.add(newName, from.get(name));
        }
    }

    private void side(JsonObject to, String side, JsonObject results, GpuRow row) {
        if (results.has("rows") && results.getAsJsonObject("rows").has(row.name())) {
            to.add(side, results.getAsJsonObject("rows").get(row.name()));
        }
    }

    private JsonObject tests() throws IOException {
        JsonObject tests = new JsonObject();
        String failure = failure("tests");
        Path logs = folder.resolve("tests");
        if (failure != null || !Files.isDirectory(logs)) {
            tests.addProperty("failure", failure == null ? NOT_RUN : failure);
            return tests;
        }
        int[] counts = new int[3];
        JsonArray failures = new JsonArray();
        JsonArray unfinished = new JsonArray();
        try (Stream<Path> files = Files.list(logs)) {
            for (Path log : files.filter(each -> each.toString().endsWith(".log")).sorted().toList()) {
                for (String line : Files.readAllLines(log)) {
                    Matcher test = TEST.matcher(line.strip());
                    if (test.matches()) {
                        counts[test.group(2).equals("SUCCESSFUL") ? 0 : test.group(2).equals("FAILED") ? 1 : 2]++;
                        if (test.group(2).equals("FAILED")) {
                            failures.add(test.group(1));
                        }
                    }
                }
                String name = log.getFileName().toString().replaceFirst("\\.log$", "");
                Path code = logs.resolve(name + ".code");
                String ended = Files.exists(code) ? Files.readString(code).strip() : "none";
                // 1 is that of a failed test; others are those of a JVM that died or was stopped.
                if (!ended.equals("0") && !ended.equals("1")) {
                    unfinished.add(name + (ended.equals("124") || ended.equals("137") ? " (stopped when its time was over)" : " (exit code " + ended + ")"));
                }
            }
        }
        tests.addProperty("passed", counts[0]);
        tests.addProperty("failed", counts[1]);
        tests.addProperty("skipped", counts[2]);
        tests.add("failures", failures);
        tests.add("unfinished", unfinished);
        return tests;
    }

    private JsonObject training() throws IOException {
        JsonObject training = object("training.json");
        String failure = failure("training");
        Path metrics = folder.resolve("training/metrics.csv");
        if (Files.exists(metrics)) {
            training.add("curve", curve(Files.readAllLines(metrics)));
        }
        if (failure != null || !training.has("validationLoss")) {
            training.addProperty("failure", failure == null ? NOT_RUN : failure);
        }
        return training;
    }

    /** Steps and the losses on held-out text, where there are any. */
    private static JsonArray curve(List<String> lines) {
        JsonArray curve = new JsonArray();
        List<String> heading = List.of(lines.get(0).split(","));
        int loss = heading.indexOf("validationLoss");
        for (String line : lines.subList(1, lines.size())) {
            String[] cells = line.split(",", -1);
            if (loss >= 0 && loss < cells.length && !cells[loss].isEmpty()) {
                JsonArray point = new JsonArray();
                point.add(Integer.parseInt(cells[0]));
                point.add(Double.parseDouble(cells[loss]));
                curve.add(point);
            }
        }
        return curve;
    }
}
