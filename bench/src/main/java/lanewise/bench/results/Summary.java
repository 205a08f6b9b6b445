package lanewise.bench.results;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;

/** The rows for programs: {@code --json}. */
public final class Summary {
    private Summary() {
    }

    /** One object: the run's circumstances, and "rows". Numbers that are not known are left out. */
    public static String json(Results results) {
        JsonObject json = JsonParser.parseString(results.info().json()).getAsJsonObject();
        JsonArray rows = new JsonArray();
        for (Row row : results.rows()) {
            JsonObject one = new JsonObject();
            one.addProperty("name", row.name());
            one.addProperty("threads", row.threads());
            one.addProperty("unit", row.unit());
            number(one, "lanewise", row.lanewise());
            if (row.bestPeer() != null) {
                number(one, "bestPeer", row.peers().get(row.bestPeer()).speed());
                one.addProperty("bestPeerName", row.bestPeer());
                number(one, "ratio", row.ratio());
            }
            number(one, "ceilingShare", row.ceilingShare());
            one.addProperty("ceiling", row.memoryBound() ? "memory bandwidth" : "multiply-adds");
            number(one, "bytesPerOp", row.bytesPerRun());
            JsonObject peers = new JsonObject();
            row.peers().forEach((name, peer) -> {
                JsonObject numbers = new JsonObject();
                number(numbers, "speed", peer.speed());
                number(numbers, "ratio", peer.ratio());
                peers.add(name, numbers);
            });
            row.failures().forEach((name, reason) -> {
                JsonObject failure = new JsonObject();
                failure.addProperty("failed", reason);
                peers.add(name, failure);
            });
            one.add("peers", peers);
            rows.add(one);
        }
        json.add("rows", rows);
        return new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create().toJson(json) + "\n";
    }

    private static void number(JsonObject json, String name, double value) {
        if (Double.isFinite(value)) {
            json.addProperty(name, value);
        }
    }
}
