package lanewise.bench.results;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Lanewise's speeds in another run, as on another JDK, beside those of this one.
 *
 * @param other JDK and commit of the other run
 * @param rows  of both runs, in this run's order
 */
public record Comparison(String other, List<Pair> rows) {
    /** The name that the other run's rows have beside the raw results. */
    public static final String FILE = "compared.json";

    /**
     * A row of both runs.
     *
     * @param here  its speed in this run
     * @param there its speed in the other
     */
    public record Pair(Row row, double here, double there) {
        /** The other run's speed as a share of this one's. */
        public double ratio() {
            return there / here;
        }
    }

    /**
     * Compares with the file that another run wrote for {@code --json}.
     *
     * @throws IOException if it is no such file, or has no row of these
     */
    public static Comparison read(Path file, List<Row> rows) throws IOException {
        Map<String, Double> speeds = new HashMap<>();
        String other;
        try {
            JsonObject json = JsonParser.parseString(Files.readString(file)).getAsJsonObject();
            other = json.getAsJsonObject("machine").get("JDK").getAsString() + ", commit " + json.get("commit").getAsString();
            for (JsonElement each : json.getAsJsonArray("rows")) {
                JsonObject row = each.getAsJsonObject();
                if (row.has("lanewise")) {
                    speeds.put(row.get("name").getAsString() + " " + row.get("threads").getAsInt(), row.get("lanewise").getAsDouble());
                }
            }
        } catch (RuntimeException notOurs) {
            throw new IOException(file.getFileName() + " is not what --json of a run wrote (" + notOurs.getMessage() + ")");
        }
        List<Pair> pairs = new ArrayList<>();
        for (Row row : rows) {
            Double there = speeds.get(row.name() + " " + row.threads());
            if (there != null && Double.isFinite(row.lanewise())) {
                pairs.add(new Pair(row, row.lanewise(), there));
            }
        }
        if (pairs.isEmpty()) {
            throw new IOException(file.getFileName() + " has no row of this run");
        }
        return new Comparison(other, pairs);
    }

    /** Of the ratios. */
    public double mean() {
        return Statistics.geometricMean(rows.stream().mapToDouble(Pair::ratio).toArray());
    }
}
