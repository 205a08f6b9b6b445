package lanewise.bench.gpu;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What {@code gpu.json} of the GPU check holds, as reports show it.
 *
 * @param facts    about the machine and the run: the GPU, its driver, versions
 * @param lines    of the table
 * @param failures one sentence for each thing that failed or was not there
 * @param curve    of the training: steps, and the loss on held-out text
 */
public record GpuResults(Map<String, String> facts, List<Line> lines, List<String> failures, List<String[]> curve) {
    /** The name of the file, where it is written and beside the raw results of the benchmarks. */
    public static final String FILE = "gpu.json";
    /** The heading of {@link Line#cells}. */
    public static final String[] HEADING = {"what", "unit", "Lanewise", "PyTorch", "ratio", "of the copy", "target", "met"};
    public static final String[] CURVE_HEADING = {"step", "validation loss"};
    private static final double LOSS = 1.5;
    private static final double SECONDS = 300;
    private static final String NONE = "–";

    /**
     * A line of the table; what is not known is a dash.
     *
     * @param ratio  Lanewise's speed by PyTorch's
     * @param share  of the speed of copying
     * @param target in words; empty where there is none
     * @param met    "yes", "no", or a dash where it is not known
     */
    public record Line(String what, String unit, String lanewise, String pytorch, String ratio, String share, String target, String met) {
        public String[] cells() {
            return new String[] {what, unit, lanewise, pytorch, ratio, share, target, met};
        }
    }

    /**
     * Reads what a check wrote.
     *
     * @throws IOException              if the file can't be read
     * @throws IllegalArgumentException if it is no such file
     */
    public static GpuResults read(Path file) throws IOException {
        try {
            GpuResults results = of(JsonParser.parseString(Files.readString(file)).getAsJsonObject());
            if (!results.measured()) {
                throw new IllegalArgumentException("it holds no result of Lanewise on a GPU" + (results.failures.isEmpty() ? "" : ": "
                        + results.failures.get(0)));
            }
            return results;
        } catch (RuntimeException | CharacterCodingException notOurs) {
            throw new IllegalArgumentException(file + " is not what the GPU check wrote on a machine with a GPU, an object of facts, tests, rows and "
                    + "training: " + notOurs.getMessage(), notOurs);
        }
    }

    static GpuResults of(JsonObject json) {
        Map<String, String> facts = new LinkedHashMap<>();
        for (String part : List.of("facts", "tests", "rows", "training")) {
            if (!json.has(part)) {
                throw new IllegalArgumentException("it has no " + part);
            }
        }
        json.getAsJsonObject("facts").asMap().forEach((name, value) -> facts.put(name, value.getAsString()));
        GpuResults results = new GpuResults(facts, new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
        results.tests(json.getAsJsonObject("tests"));
        double copy = 0;
        for (JsonElement each : json.getAsJsonArray("rows")) {
            JsonObject row = each.getAsJsonObject();
            GpuRow known = GpuRow.parse(row.get("row").getAsString());
            if (known.operation().equals("copy")) {
                copy = Math.max(copy, Math.max(zeroIfNone(speed(known, row, "lanewise")), zeroIfNone(speed(known, row, "pytorch"))));
            }
        }
        for (JsonElement each : json.getAsJsonArray("rows")) {
            JsonObject row = each.getAsJsonObject();
            results.row(GpuRow.parse(row.get("row").getAsString()), row, copy);
        }
        results.training(json.getAsJsonObject("training"));
        return results;
    }

    /** Whether there is anything of Lanewise. */
    private boolean measured() {
        return lines.stream().anyMatch(line -> !line.lanewise().equals(NONE));
    }

    private static double zeroIfNone(double speed) {
        return Double.isNaN(speed) ? 0 : speed;
    }

    /** The GPU's name. */
    public String gpu() {
        return facts.getOrDefault("GPU", facts.getOrDefault("kernels", "no GPU"));
    }

    private void tests(JsonObject tests) {
        String what = "tests of the operations on the device";
        if (tests.has("failure")) {
            failures.add("Tests: " + tests.get("failure").getAsString());
            lines.add(new Line(what, "tests", NONE, "", "", "", "all pass", NONE));
            return;
        }
        int passed = tests.get("passed").getAsInt();
        int failed = tests.get("failed").getAsInt();
        int skipped = tests.get("skipped").getAsInt();
        List<String> missing = new ArrayList<>();
        tests.getAsJsonArray("unfinished").forEach(each -> missing.add(each.getAsString()));
        tests.getAsJsonArray("failures").forEach(each -> failures.add("Test failed: " + each.getAsString()));
        missing.forEach(each -> failures.add("Tests did not come to their end: " + each));
        lines.add(new Line(what, "tests", passed + " passed" + (failed == 0 ? "" : ", " + failed + " failed")
                + (skipped == 0 ? "" : ", " + skipped + " skipped") + (missing.isEmpty() ? "" : ", " + missing.size() + " classes unfinished"), "",
                "", "", "all pass", failed == 0 && missing.isEmpty() && passed > 0 ? "yes" : "no"));
    }

    private static double speed(GpuRow known, JsonObject row, String side) {
        return row.has(side) && row.getAsJsonObject(side).has("milliseconds")
                ? known.work() / row.getAsJsonObject(side).get("milliseconds").getAsDouble() * 1e3 : Double.NaN;
    }

    private void row(GpuRow known, JsonObject row, double copy) {
        double lanewise = speed(known, row, "lanewise");
        double pytorch = speed(known, row, "pytorch");
        double share = known.memoryBound() && copy > 0 ? lanewise / copy : Double.NaN;
        double reached = known.memoryBound() ? share : lanewise / pytorch;
        String met = Double.isNaN(known.target()) ? "" : Double.isNaN(reached) ? NONE : reached >= known.target() ? "yes" : "no";
        lines.add(new Line(known.name(), known.unit(), number(lanewise), number(pytorch), ratio(lanewise / pytorch), ratio(share),
                known.targetInWords(), met));
        for (String side : List.of("lanewise", "pytorch")) {
            if (row.has(side) && row.getAsJsonObject(side).has("failure")) {
                failures.add(known.name() + ", " + side + ": " + row.getAsJsonObject(side).get("failure").getAsString().replaceAll("\\s+", " "));
            }
        }
    }

    private void training(JsonObject training) {
        boolean finished = training.has("validationLoss");
        if (training.has("failure")) {
            failures.add("Training: " + training.get("failure").getAsString());
        }
        if (training.has("curve")) {
            training.getAsJsonArray("curve").forEach(each -> curve.add(new String[] {each.getAsJsonArray().get(0).getAsString(),
                String.format(Locale.ROOT, "%.4f", each.getAsJsonArray().get(1).getAsDouble())}));
        }
        String found = NONE;
        String met = NONE;
        if (finished) {
            double loss = training.get("validationLoss").getAsDouble();
            double seconds = training.get("seconds").getAsDouble();
            // The recipe this follows is known by the best of its evaluations, too.
            double best = curve.stream().mapToDouble(point -> Double.parseDouble(point[1])).reduce(loss, Math::min);
            found = String.format(Locale.ROOT, "%.4f at best, %.4f at the end, in %.0f s", best, loss, seconds);
            met = best <= LOSS && seconds < SECONDS ? "yes" : "no";
        } else if (!curve.isEmpty()) {
            found = curve.get(curve.size() - 1)[1] + " at step " + curve.get(curve.size() - 1)[0] + ", then stopped";
            met = "no";
        }
        lines.add(new Line("training of shakespeare-char", "validation loss", found, "", "", "",
                String.format(Locale.ROOT, "≤ %.2f in below %.0f s", LOSS, SECONDS), met));
    }

    private static String number(double value) {
        return Double.isFinite(value) ? String.format(Locale.ROOT, value >= 100 ? "%,.0f" : "%.1f", value) : NONE;
    }

    private static String ratio(double value) {
        return Double.isFinite(value) ? String.format(Locale.ROOT, "%.2f", value) : "";
    }

    /** The table, in columns of equal width, and below it what failed. */
    public String text() {
        List<String[]> rows = new ArrayList<>(List.<String[]>of(HEADING));
        lines.forEach(line -> rows.add(line.cells()));
        int[] widths = new int[HEADING.length];
        for (String[] cells : rows) {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], cells[i].length());
            }
        }
        StringBuilder text = new StringBuilder();
        failures.forEach(failure -> text.append(failure).append('\n'));
        facts.forEach((name, value) -> text.append(name).append(": ").append(value).append('\n'));
        for (String[] cells : rows) {
            StringBuilder line = new StringBuilder();
            for (int i = 0; i < widths.length; i++) {
                boolean words = i < 2 || i >= 6;
                String padding = " ".repeat(widths[i] - cells[i].length());
                line.append(i == 0 ? "" : "  ").append(words ? cells[i] + padding : padding + cells[i]);
            }
            text.append(line.toString().stripTrailing()).append('\n');
        }
        return text.toString();
    }
}
