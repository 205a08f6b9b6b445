package lanewise.transformer.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import lanewise.kernels.ElementType;
import lanewise.transformer.models.GptConfig;
import lanewise.transformer.models.Positions;
import lanewise.transformer.training.Schedule;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** Options, their defaults, and what is said about wrong ones. */
class CommandLineTest {
    @TempDir
    Path folder;

    private static Object value(String option, String... args) {
        CommandLine line = Lanewise.commandLine(args);
        line.parseArgs(args);
        return line.getSubcommands().get("train").getCommandSpec().findOption(option).getValue();
    }

    @Test
    void presetsAreNanoGptsRecipes() {
        String[] cpu = {"train", "--text", "x", "--preset", "shakespeare-char-cpu"};
        Object[][] expected = {{"--layers", 4}, {"--heads", 4}, {"--width", 128}, {"--context", 64}, {"--batch", 12},
            {"--steps", 2000}, {"--learning-rate", 1e-3}, {"--minimum-learning-rate", 1e-4}, {"--warm-up", 100},
            {"--schedule", Schedule.Shape.COSINE}, {"--beta1", 0.9}, {"--beta2", 0.99}, {"--weight-decay", 0.1},
            {"--clip", 1.0}, {"--dropout", 0.0}, {"--bias", false}};
        for (Object[] pair : expected) {
            assertEquals(pair[1], value((String) pair[0], cpu), (String) pair[0]);
        }
        String[] gpu = {"train", "--text=x", "--preset=shakespeare-char"};
        Object[][] changed = {{"--layers", 6}, {"--heads", 6}, {"--width", 384}, {"--context", 256}, {"--batch", 64},
            {"--steps", 5000}, {"--dropout", 0.2}, {"--beta2", 0.99}};
        for (Object[] pair : changed) {
            assertEquals(pair[1], value((String) pair[0], gpu), (String) pair[0]);
        }
    }

    @Test
    void aTextHasTheRecipeForProcessorsAsDefault() {
        assertEquals(4, value("--layers", "train", "--text", "x"));
        assertEquals(2, value("--layers", "train"));
    }

    @Test
    void givenOptionsGoBeforeThePreset() {
        assertEquals(3, value("--layers", "train", "--layers", "3", "--text", "x", "--preset", "shakespeare-char"));
        assertEquals(3, value("--layers", "train", "--text", "x", "--preset", "shakespeare-char", "--layers", "3"));
        assertEquals(ElementType.FLOAT64, value("--precision", "train", "--precision", "float64"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"train", "generate", "info"})
    void helpExplainsEveryOption(String command) {
        CommandLineRun help = CommandLineRun.of(command, "--help").succeeds();
        CommandLine line = Lanewise.commandLine(command).getSubcommands().get(command);
        line.getCommandSpec().options().forEach(option -> {
            assertTrue(help.out().contains(option.longestName()), option.longestName());
            assertTrue(option.description().length > 0, option.longestName() + " has no description");
        });
        assertFalse(help.out().contains("${"), help.out());
        assertFalse(help.out().contains("null"), help.out());
    }

    @Test
    void topCommandTellsWhatThereIs() {
        String text = CommandLineRun.of().succeeds().out();
        for (String command : new String[] {"train", "generate", "info"}) {
            assertTrue(text.contains(command), text);
        }
        assertTrue(CommandLineRun.of("--version").succeeds().out().startsWith("Lanewise "));
    }

    @Test
    void infoNamesWhatIsActive() {
        String text = CommandLineRun.of("info", "--threads", 1).succeeds().out();
        assertTrue(text.contains(System.getProperty("lanewise.test.expect", "simd") + ": "), text);
        assertTrue(text.contains("1 thread"), text);
        assertTrue(text.contains(System.getProperty("java.version")), text);
    }

    @Test
    void refusesUnknownWords() {
        CommandLineRun.of("trian").fails(2, "trian");
        CommandLineRun.of("train", "--step", 5).fails(2, "--step", "--steps", "Try: lanewise train --help");
        CommandLineRun.of("train", "--steps", "many").fails(2, "--steps", "many");
        CommandLineRun.of("train", "--steps", 5, "--layers", 1, "--steps", 6).fails(2, "--steps", "once");
        CommandLineRun.of("train", "--preset", "gpt5").fails(2, "gpt5", "addition, shakespeare-char-cpu, shakespeare-char");
        CommandLineRun.of("train", "--optimizer", "lion").fails(2, "lion", "adamw, adam, momentum, sgd");
        CommandLineRun.of("train", "--precision", "float16").fails(2, "float16", "float32, float64");
    }

    @Test
    void refusesOptionsThatDoNotFitTogether() throws IOException {
        Path text = Files.writeString(folder.resolve("text"), "to be or not to be\n".repeat(200));
        CommandLineRun.of("train", "--task", "text").fails(2, "--text FILE");
        CommandLineRun.of("train", "--task", "addition", "--text", text).fails(2, "exclude each other");
        CommandLineRun.of("train", "--preset", "shakespeare-char").fails(2, "needs a text");
        CommandLineRun.of("train", "--preset", "addition", "--text", text).fails(2, "exclude each other");
        CommandLineRun.of("train", "--text", text, "--digits", 3).fails(2, "--digits");
        CommandLineRun.of("train", "--context", 8).fails(2, "--context");
        CommandLineRun.of("train", "--resume", folder, "--layers", 3, "--seed", 1).fails(2, "--resume", "--layers",
                "--seed");
        assertTrue(Files.notExists(Path.of("runs")), "a refused run left a folder");
    }

    @Test
    void refusesValuesOutOfRange() {
        Path out = folder.resolve("run");
        CommandLineRun.of("train", "--out", out, "--layers", 2000000000).fails(2, "layers is 2000000000", "10000");
        CommandLineRun.of("train", "--out", out, "--width", 2000000000).fails(2, "width is 2000000000", "1048576");
        // 12 width^2 per layer.
        CommandLineRun.of("train", "--out", out, "--layers", 1000, "--width", 65536).fails(2, "51,539,740,131,328 parameters",
                String.format(Locale.ROOT, "limited to %,d MiB", Runtime.getRuntime().maxMemory() >> 20), "--layers",
                "--width", "-Xmx");
        CommandLineRun.of("train", "--out", out, "--heads", 3).fails(2, "heads", "3", "128");
        CommandLineRun.of("train", "--out", out, "--steps", 0).fails(2, "steps is 0");
        CommandLineRun.of("train", "--out", out, "--dropout", 1).fails(2, "dropout is 1");
        CommandLineRun.of("train", "--out", out, "--digits", 0).fails(2, "digits is 0");
        CommandLineRun.of("train", "--out", out, "--learning-rate", -1).fails(2, "learningRate is -1");
        CommandLineRun.of("train", "--out", out, "--threads", 0).fails(2, "threads is 0");
        CommandLineRun.of("train", "--out", out, "--warm-up", 50, "--steps", 20).fails(2, "warmUpSteps, 50");
        CommandLineRun.of("train", "--out", out, "--json", folder.resolve("no/file.json")).fails(2, "--json", "no");
        CommandLineRun.of("train", "--out", out, "--json", folder).fails(2, "--json: " + folder + " is a directory");
        CommandLineRun.of("train", "--out", out, "--json", "").fails(2, "--json is empty");
        assertEquals(4, Memory.moreGibibytes(512L << 20));
        assertEquals(10, Memory.moreGibibytes(4L << 30));
        assertTrue(Files.notExists(out), "a refused run left a folder");
    }

    @Test
    void refusesTextsThatCanNotBeUsed() throws IOException {
        Path out = folder.resolve("run");
        CommandLineRun.of("train", "--out", out, "--text", folder.resolve("none")).fails(1, "none", "does not exist");
        CommandLineRun.of("train", "--out", out, "--text", folder).fails(1, folder.toString(), "directory");
        Path empty = Files.createFile(folder.resolve("empty"));
        CommandLineRun.of("train", "--out", out, "--text", empty).fails(1, "empty");
        Path binary = Files.write(folder.resolve("binary"), new byte[] {1, 2, 0, (byte) 0xff});
        CommandLineRun.of("train", "--out", out, "--text", binary).fails(1, "not UTF-8");
        Path little = Files.writeString(folder.resolve("short"), "too short");
        CommandLineRun.of("train", "--out", out, "--text", little).fails(1, "too short", "65");
        assertTrue(Files.notExists(out), "a refused run left a folder");
    }

    @Test
    void refusesFoldersThatCanNotBeUsed() throws IOException {
        Path file = Files.createFile(folder.resolve("file"));
        CommandLineRun.of("train", "--out", file.resolve("run")).fails(1, file.toString(), "can't be written");
        CommandLineRun.of("train", "--resume", folder.resolve("none")).fails(1, "none", "does not exist");
        CommandLineRun.of("train", "--resume", folder).fails(1, folder.toString(), "holds no checkpoint");
        CommandLineRun.of("generate", "--checkpoint", folder).fails(1, folder.toString(), "holds no checkpoint");
        CommandLineRun.of("generate").fails(2, "--checkpoint");
    }

    @Test
    void countsAllThatAModelKeeps() {
        GptConfig model = GptConfig.builder(10, 1000).layers(3).heads(4).keyHeads(2).width(64)
                .positions(Positions.ROTARY).build();
        long cache = 2 * 3 * 1000 * 32;
        for (ElementType type : ElementType.values()) {
            for (int state = 0; state <= 2; state++) {
                long bytes = (model.parameterCount() * (2 + state) + cache) * type.bytes();
                Memory.require(model, type, state, bytes);
                int given = state;
                assertThrows(IllegalArgumentException.class, () -> Memory.require(model, type, given, bytes - 1));
            }
        }
    }

    @Test
    void verboseAddsTheStackTrace() {
        CommandLineRun failed = CommandLineRun.of("train", "--verbose", "--text", folder.resolve("none"));
        assertEquals(1, failed.code());
        assertTrue(failed.err().contains("\tat "), failed.err());
    }
}
