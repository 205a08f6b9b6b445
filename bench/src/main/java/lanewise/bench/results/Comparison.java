package lanewise.bench.results;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Lanewise's speeds in another run, on another JDK, beside those of this one. A shared machine is not as fast at one hour as at another,
 * so beside the ratios of the speeds there are those of the shares of the ceilings, which each run has measured for itself.
 *
 * @param other   JDK and commit of the other run
 * @param rows    of both runs, in this run's order
 * @param missing rows of this run that the other has not
 */
public record Comparison(String other, List<Pair> rows, int missing) {
    /** A speed in any unit, or a share, beyond this is none. */
    private static final double MOST = 1e9;
    /** The name that the other run's rows have beside the raw results. */
    public static final String FILE = "compared.json";

    /**
     * A row of both runs.
     *
     * @param here  its speed in this run
     * @param there its speed in the other
     * @param share there's share of its own run's ceiling by here's; of data that fit into the cache, which the bandwidth of the
     *              memory says nothing of, the ratio of the speeds
     */
    public record Pair(Row row, double here, double there, double share) {
        /** The other run's speed by this one's. */
        public double ratio() {
            return there / here;
        }
    }

    /**
     * Compares with the file that another run wrote for {@code --json}.
     *
     * @param info of this run
     * @param rows of this run
     * @throws IOException              if the file can't be read
     * @throws IllegalArgumentException if it is no such file, has no row of these, or is of a run that differs in more or in less
     *                                  than the JDK and the commit
     */
    public static Comparison read(Path file, RunInfo info, List<Row> rows) throws IOException {
        Map<String, double[]> speeds = new HashMap<>();
        String jdk;
        String commit;
        String processor;
        String settings;
        String kernels;
        String flags;
        try {
            JsonObject json = JsonParser.parseString(Files.readString(file)).getAsJsonObject();
            JsonObject machine = json.getAsJsonObject("machine");
            jdk = machine.get("JDK").getAsString();
            processor = machine.get("processor").getAsString();
            settings = json.get("settings").getAsString();
            commit = json.get("commit").getAsString();
            kernels = json.getAsJsonObject("versions").get("lanewise").getAsString();
            flags = json.getAsJsonArray("flags").asList().stream().map(JsonElement::getAsString).collect(Collectors.joining(" "));
            for (JsonElement each : json.getAsJsonArray("rows")) {
                JsonObject row = each.getAsJsonObject();
                if (row.has("lanewise") && row.has("ceilingShare")) {
                    speeds.put(key(row.get("name").getAsString(), row.get("threads").getAsInt(), row.get("unit").getAsString()),
                            new double[] {row.get("lanewise").getAsDouble(), row.get("ceilingShare").getAsDouble()});
                }
            }
        } catch (RuntimeException | CharacterCodingException notOurs) {
            throw new IllegalArgumentException(file + " is not what --json of a run wrote: expected an object of machine, settings, "
                    + "commit, versions, flags and rows, each row with name, threads, unit, lanewise and ceilingShare");
        }
        if (jdk.equals(info.machine.get("JDK"))) {
            throw new IllegalArgumentException(file + " is of a run on the same JDK, " + jdk + "; expected another");
        }
        same(file, "processor", processor, info.machine.get("processor"));
        same(file, "settings", settings, info.settings);
        same(file, "kernels", kernels, info.versions.get("lanewise"));
        same(file, "flags", flags, String.join(" ", info.flags));
        List<Pair> pairs = new ArrayList<>();
        int missing = 0;
        for (Row row : rows) {
            if (Double.isFinite(row.lanewise())) {
                double[] there = speeds.get(key(row.name(), row.threads(), row.unit()));
                if (there == null) {
                    missing++;
                } else if (!(there[0] > 0 && there[1] > 0 && there[0] < MOST && there[1] < MOST)) {
                    throw new IllegalArgumentException(file + " has a speed of " + there[0] + ", " + there[1] + " of the ceiling, for "
                            + row.place() + "; expected more than 0 and less than " + MOST);
                } else {
                    boolean cached = row.memoryBound() && row.movedBytes() <= info.cacheBytes;
                    pairs.add(new Pair(row, row.lanewise(), there[0],
                            cached ? there[0] / row.lanewise() : there[1] / row.ceilingShare()));
                }
            }
        }
        if (pairs.isEmpty()) {
            throw new IllegalArgumentException(file + " has no row of this run");
        }
        return new Comparison(jdk + ", commit " + commit, pairs, missing);
    }

    private static String key(String name, int threads, String unit) {
        return name + ", " + threads + ", " + unit;
    }

    private static void same(Path file, String what, String there, String here) {
        if (!there.equals(here)) {
            throw new IllegalArgumentException(file + " is of a run with other " + what + ": " + there + "; expected " + here);
        }
    }

    /** Geometric mean of the speeds' ratios. */
    public double mean() {
        return Statistics.geometricMean(rows.stream().mapToDouble(Pair::ratio).toArray());
    }

    /** Geometric mean of the shares' ratios. */
    public double meanShare() {
        return Statistics.geometricMean(rows.stream().mapToDouble(Pair::share).toArray());
    }
}
