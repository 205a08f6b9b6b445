package lanewise.transformer.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Small runs through the command line: train, stop, resume, generate. */
class TrainCommandTest {
    @TempDir
    Path folder;

    private static CommandLineRun train(Object... more) {
        List<Object> args = new ArrayList<>(List.of("train", "--layers", 1, "--heads", 2, "--width", 16,
                "--batch", 4, "--schedule", "constant", "--evaluate-every", 3, "--threads", 2));
        args.addAll(List.of(more));
        return CommandLineRun.of(args.toArray());
    }

    private Path text() throws IOException {
        return Files.writeString(folder.resolve("text.txt"), "Wer reitet so spät durch Nacht und Wind?\n".repeat(40));
    }

    private static JsonObject json(Path file) throws IOException {
        return JsonParser.parseString(Files.readString(file)).getAsJsonObject();
    }

    @Test
    void writesMetricsReportAndSummary() throws IOException {
        Path out = folder.resolve("run");
        Path summary = folder.resolve("summary.json");
        CommandLineRun run = train("--digits", 1, "--steps", 6, "--out", out, "--json", summary).succeeds();

        List<String> metrics = Files.readAllLines(out.resolve("metrics.csv"));
        assertEquals(7, metrics.size(), "a heading and a row per step");
        JsonObject json = json(summary);
        for (String key : List.of("steps", "trainLoss", "validationLoss", "accuracy", "tokensPerSecond", "seconds",
                "parameters", "implementation", "threads", "vectorBits", "jdk", "peakHeapBytes")) {
            assertTrue(json.has(key), key + " is missing in " + json);
        }
        assertEquals(6, json.get("steps").getAsInt());
        assertEquals(2, json.get("threads").getAsInt());
        assertEquals(System.getProperty("lanewise.test.expect", "simd"), json.get("implementation").getAsString());
        assertEquals(System.getProperty("java.version"), json.get("jdk").getAsString());
        // 13 characters and 6 positions, 12 width^2 in the block, three norms.
        assertEquals((13 + 6 + 12 * 16 + 3) * 16, json.get("parameters").getAsInt());
        assertTrue(json.get("peakHeapBytes").getAsLong() > 1 << 20);

        String report = Files.readString(out.resolve("report.html"));
        for (String part : List.of("sums of two numbers of 1 digit", "exact answers, held out", "Gradient norm",
                "learning rate", json.get("jdk").getAsString(), "held-out problems")) {
            assertTrue(report.contains(part), part);
        }
        assertTrue(run.out().contains("Exact answers on held-out problems: "), run.out());
        assertTrue(run.out().contains(out.resolve("report.html").toString()), run.out());
        assertTrue(run.err().contains("step     3: training loss "), run.err());
        assertFalse(run.err().contains("\r"), "control characters without a terminal");
    }

    @Test
    void aResumedRunEndsWithTheSameBits() throws IOException {
        Path text = text();
        Path whole = folder.resolve("whole");
        Path parts = folder.resolve("parts");
        train("--text", text, "--context", 8, "--dropout", 0.1, "--steps", 8, "--out", whole).succeeds();
        train("--text", text, "--context", 8, "--dropout", 0.1, "--steps", 5, "--checkpoint-every", 2, "--out", parts).succeeds();
        CommandLineRun resumed = CommandLineRun.of("train", "--resume", parts, "--steps", 8, "--threads", 1).succeeds();
        assertTrue(resumed.err().contains("Continuing after step 5"), resumed.err());
        for (String file : List.of("model.safetensors", "optimizer.safetensors")) {
            assertArrayEquals(Files.readAllBytes(whole.resolve("checkpoint-8").resolve(file)),
                    Files.readAllBytes(parts.resolve("checkpoint-8").resolve(file)), file);
        }
        assertEquals(9, Files.readAllLines(parts.resolve("metrics.csv")).size());
    }

    @Test
    void aTrainedModelWritesTheSameTextForTheSameSeed() throws IOException {
        Path out = folder.resolve("run");
        train("--text", text(), "--context", 8, "--steps", 3, "--precision", "float64", "--out", out).succeeds();
        Object[] args = {"generate", "--checkpoint", out, "--prompt", "Nacht und W", "--tokens", 30, "--seed", 5};
        CommandLineRun first = CommandLineRun.of(args).succeeds();
        assertTrue(first.out().startsWith("Nacht und W"), first.out());
        assertEquals("Nacht und W".length() + 30 + System.lineSeparator().length(), first.out().length(), first.out());
        assertEquals(first.out(), CommandLineRun.of(args).succeeds().out());
        args[8] = 6;
        assertFalse(first.out().equals(CommandLineRun.of(args).succeeds().out()));
        CommandLineRun.of("generate", "--checkpoint", out, "--tokens", 2).succeeds();

        CommandLineRun.of("generate", "--checkpoint", out, "--prompt", "Vater?!").fails(2, "--prompt", "V");
        CommandLineRun.of("generate", "--checkpoint", out, "--temperature", -1).fails(2, "temperature is -1");
        CommandLineRun.of("generate", "--checkpoint", out, "--tokens", -1).fails(2, "--tokens is -1");
    }

    @Test
    void aModelOfSumsAnswersProblems() {
        Path out = folder.resolve("run");
        train("--digits", 1, "--steps", 2, "--out", out).succeeds();
        String answer = CommandLineRun.of("generate", "--checkpoint", out, "--prompt", "4 + 5=").succeeds().out();
        assertTrue(answer.startsWith("4 + 5 = "), answer);
        CommandLineRun.of("generate", "--checkpoint", out).fails(2, "this model adds", "27+58");
        CommandLineRun.of("generate", "--checkpoint", out, "--prompt", "27+58").fails(2, "27 + 58", "1 digit");
    }

    @Test
    void trainsOnBytePairs() throws IOException {
        Path out = folder.resolve("run");
        train("--text", text(), "--tokenizer", "gpt2", "--context", 8, "--steps", 1, "--out", out).succeeds();
        String text = CommandLineRun.of("generate", "--checkpoint", out, "--prompt", "Wind", "--tokens", 5).succeeds()
                .out();
        assertTrue(text.startsWith("Wind"), text);
    }

    @Test
    void neverOverwritesARun() throws IOException {
        Path out = folder.resolve("run");
        train("--steps", 1, "--out", out).succeeds();
        String before = Files.readString(out.resolve("metrics.csv"));
        train("--steps", 1, "--out", out).fails(1, "already holds a run", "resume");
        assertEquals(before, Files.readString(out.resolve("metrics.csv")));
    }

    @Test
    void aTakenNameGetsANumber() throws IOException {
        for (String expected : List.of("sums", "sums-2", "sums-3")) {
            assertEquals(folder.resolve(expected), TrainingRun.newFolder(folder, "sums"));
        }
    }

    @Test
    void resumingWhatIsDoneChangesNothing() throws IOException {
        Path out = folder.resolve("run");
        train("--steps", 2, "--out", out).succeeds();
        byte[] before = Files.readAllBytes(out.resolve("checkpoint-2/model.safetensors"));
        CommandLineRun.of("train", "--resume", out).succeeds();
        assertArrayEquals(before, Files.readAllBytes(out.resolve("checkpoint-2/model.safetensors")));
    }

    @Test
    void refusesATextThatHasChanged() throws IOException {
        Path text = text();
        Path out = folder.resolve("run");
        train("--text", text, "--context", 8, "--steps", 2, "--out", out).succeeds();
        Files.writeString(text, Files.readString(text) + "Wind");
        CommandLineRun.of("train", "--resume", out, "--steps", 3).fails(1, text.toString(), "has changed");
    }

    @Test
    void quietSaysNothing() {
        CommandLineRun run = train("--steps", 2, "--quiet", "--out", folder.resolve("run")).succeeds();
        assertEquals("", run.out() + run.err());
    }

    @Test
    void aDivergingRunSaysSoAndKeepsTheCheckpoint() {
        Path out = folder.resolve("run");
        train("--optimizer", "sgd", "--learning-rate", 1e30, "--clip", 0, "--warm-up", 0,
                "--steps", 50, "--checkpoint-every", 1, "--out", out).fails(1, "training stopped", "checkpoint");
        assertTrue(Files.exists(out.resolve("latest")));
    }
}
