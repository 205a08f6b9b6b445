package lanewise.transformer.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.nio.file.Files;
import java.nio.file.Path;
import lanewise.transformer.EmulatedDevice;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** --device and --precision. */
class DeviceTest {
    @TempDir
    Path folder;

    @Test
    void aProcessorDoesNotComputeInBfloat16() {
        CommandLineRun.of("train", "--precision", "bfloat16", "--out", folder.resolve("run")).fails(2, "bfloat16", "add --device cuda");
        CommandLineRun.of("train", "--device", "gpu").fails(2, "gpu", "cpu, cuda");
        assertTrue(Files.notExists(folder.resolve("run")), "a refused run left a folder");
    }

    @Test
    void memoryThatIsMissingIsNamed() throws Exception {
        Path text = Files.writeString(folder.resolve("text.txt"), "Wer reitet so spät durch Nacht und Wind?\n".repeat(40));
        EmulatedDevice.withMemory(100_000, () -> CommandLineRun.of("train", "--device", "cuda", "--text", text, "--context", 8, "--layers", 1,
                "--width", 64, "--out", folder.resolve("run"))).fails(1, "the device has no ", " in one piece: ", " are free");
    }

    @Test
    void trainsResumesAndGeneratesOnADevice() throws Exception {
        Path out = folder.resolve("run");
        Path summary = folder.resolve("summary.json");
        Path text = Files.writeString(folder.resolve("text.txt"), "Wer reitet so spät durch Nacht und Wind?\n".repeat(40));
        EmulatedDevice.commandLine(() -> CommandLineRun.of("train", "--device", "cuda", "--precision", "bfloat16", "--text", text, "--context", 8,
                "--layers", 1, "--heads", 2, "--width", 16, "--batch", 2, "--steps", 2, "--schedule", "constant", "--evaluate-every", 0,
                "--out", out, "--json", summary)).succeeds();
        JsonObject json = JsonParser.parseString(Files.readString(summary)).getAsJsonObject();
        assertEquals("bfloat16", json.get("precision").getAsString());
        assertTrue(json.get("device").getAsString().contains("kernels for GPUs"), json.toString());
        String report = Files.readString(out.resolve("report.html"));
        assertTrue(report.contains("kernels for GPUs") && report.contains("bfloat16"));

        CommandLineRun.of("train", "--resume", out, "--steps", 3).fails(2, "bfloat16", "add --device cuda");
        CommandLineRun.of("train", "--resume", out, "--steps", 3, "--precision", "float64").fails(2, "float64", "weights are float32");
        CommandLineRun onDevice = EmulatedDevice.commandLine(() -> CommandLineRun.of("train", "--resume", out, "--steps", 3, "--device", "cuda"))
                .succeeds();
        assertTrue(onDevice.err().contains("bfloat16"), onDevice.err());
        CommandLineRun.of("train", "--resume", out, "--steps", 4, "--precision", "float32").succeeds();
        Object[] generate = {"generate", "--checkpoint", out, "--prompt", "Wer", "--tokens", 3, "--temperature", 0};
        String onProcessor = CommandLineRun.of(generate).succeeds().out();
        Object[] generateOnDevice = {"generate", "--checkpoint", out, "--prompt", "Wer", "--tokens", 3, "--temperature", 0, "--device", "cuda"};
        assertEquals(onProcessor, EmulatedDevice.commandLine(() -> CommandLineRun.of(generateOnDevice)).succeeds().out());
    }
}
