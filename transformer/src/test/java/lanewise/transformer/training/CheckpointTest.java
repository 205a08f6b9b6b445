package lanewise.transformer.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;
import lanewise.kernels.ElementType;
import lanewise.kernels.Kernels;
import lanewise.kernels.Tensor;
import lanewise.transformer.data.CharTokenizer;
import lanewise.transformer.data.Gpt2Tokenizer;
import lanewise.transformer.data.Tokenizer;
import lanewise.transformer.layers.Parameter;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointTest {
    private static final List<String> FILES = List.of(Checkpoint.MODEL, Checkpoint.OPTIMIZER, Checkpoint.CONFIG,
            Checkpoint.TOKENIZER, Checkpoint.STATE);
    private static final TrainingConfig TRAINING = new TrainingConfig(10, 2, 1, Schedule.constant(0.1),
            OptimizerConfig.adamW(0.9, 0.99, 0.1), 1, 0, 0, 0, -7);
    private static Kernels kernels;

    /** Stands for a model's configuration, with every kind of component. */
    public record Config(int rows, int columns, long big, double rate, boolean flag, String text, ElementType type,
            Double absent, Schedule nested) {
        /** Refuses what no model could be. */
        public Config {
            if (rows < 1 || columns < 1) {
                throw new IllegalArgumentException("rows is " + rows + " and columns " + columns + "; expected at least 1");
            }
        }
    }

    private static final Config CONFIG = new Config(3, 4, Long.MIN_VALUE, 1e-300, true, "<\"\u00E9\n\u2028>",
            ElementType.FLOAT64, null, new Schedule(Schedule.Shape.COSINE, 1e-3, 1e-4, 1, 7));

    @TempDir
    Path folder;

    @BeforeAll
    static void open() {
        kernels = Kernels.builder().threads(1).build();
    }

    @AfterAll
    static void close() {
        kernels.close();
    }

    /** Two parameters, and their optimizer with some state. */
    private static final class Content {
        final List<Parameter> parameters = new ArrayList<>();
        final Updater updater;

        Content(long seed) {
            SplittableRandom random = new SplittableRandom(seed);
            for (String name : List.of("weight", "bias")) {
                int[] shape = name.equals("bias") ? new int[] {4} : new int[] {3, 4};
                Parameter parameter = new Parameter(name, Tensor.zeros(ElementType.FLOAT32, shape),
                        Tensor.zeros(ElementType.FLOAT32, shape), true);
                parameter.value().copyFrom(random.doubles(parameter.value().elements()).toArray());
                parameter.gradient().copyFrom(random.doubles(parameter.value().elements()).toArray());
                parameters.add(parameter);
            }
            updater = new Updater(kernels, TRAINING.optimizer(), parameters);
            updater.update(1, 0.1, 1);
        }

        double[][] all() {
            List<double[]> arrays = new ArrayList<>();
            parameters.forEach(parameter -> arrays.add(parameter.value().toArray()));
            updater.state().values().forEach(tensor -> arrays.add(tensor.toArray()));
            return arrays.toArray(double[][]::new);
        }
    }

    private RunFolder create(Path path, Tokenizer tokenizer) throws IOException {
        return RunFolder.create(path, CONFIG, TRAINING, CONFIG, tokenizer);
    }

    private static void readAll(Path path) throws IOException {
        Checkpoint checkpoint = Checkpoint.open(path);
        Content content = new Content(99);
        checkpoint.modelConfig(Config.class, config -> Math.multiplyExact(config.rows() + 1L, config.columns()));
        checkpoint.dataConfig(Config.class);
        checkpoint.trainingConfig();
        checkpoint.loadModel(content.parameters);
        checkpoint.loadOptimizer(content.updater);
    }

    @Test
    void everythingComesBack() throws IOException {
        for (Tokenizer tokenizer : new Tokenizer[] {CharTokenizer.of("\n \"\\\u00E9\uD83D\uDE00ab"), new Gpt2Tokenizer(), null}) {
            Path path = folder.resolve("run" + (tokenizer == null ? 0 : tokenizer.size()));
            Content content = new Content(1);
            create(path, tokenizer).save(12, 0.25, 3.5, content.parameters, content.updater);
            Checkpoint checkpoint = Checkpoint.open(path);
            assertEquals(path.resolve("checkpoint-12"), checkpoint.directory());
            assertEquals(12, checkpoint.state().step());
            assertEquals(0.25, checkpoint.state().bestLoss());
            assertEquals(3.5, checkpoint.state().seconds());
            assertEquals(CONFIG, checkpoint.modelConfig(Config.class, config -> 16));
            assertEquals(CONFIG, checkpoint.dataConfig(Config.class));
            assertEquals(TRAINING, checkpoint.trainingConfig());
            assertEquals(ElementType.FLOAT32, checkpoint.elementType());
            Content other = new Content(2);
            checkpoint.loadModel(other.parameters);
            checkpoint.loadOptimizer(other.updater);
            assertArrayEquals(content.all(), other.all());
            if (tokenizer == null) {
                assertEquals(null, checkpoint.tokenizer());
            } else {
                assertEquals(tokenizer.size(), checkpoint.tokenizer().size());
                assertArrayEquals(tokenizer.encode("ab a"), checkpoint.tokenizer().encode("ab a"));
            }
        }
    }

    @Test
    void onlyTheLastTwoAreKept() throws IOException {
        RunFolder run = create(folder.resolve("run"), null);
        Content content = new Content(1);
        for (int step : new int[] {1, 5, 10, 200}) {
            run.save(step, null, 0, content.parameters, content.updater);
            assertEquals(step, Checkpoint.open(run.path()).state().step());
        }
        Files.writeString(run.path().resolve("checkpoint-notes.txt"), "mine");
        run.save(201, null, 0, content.parameters, content.updater);
        try (var entries = Files.list(run.path())) {
            assertEquals(List.of("checkpoint-200", "checkpoint-201", "checkpoint-notes.txt", "latest", "lock"),
                    entries.map(entry -> entry.getFileName().toString()).sorted().toList());
        }
    }

    /** The order of Map.of would differ from process to process. */
    @Test
    void metadataHasAFixedOrder() throws IOException {
        Path directory = saved().resolve("checkpoint-1");
        for (String name : List.of(Checkpoint.MODEL, Checkpoint.OPTIMIZER)) {
            String text = Files.readString(directory.resolve(name), StandardCharsets.ISO_8859_1);
            assertEquals("{\"__metadata__\":{\"format\":\"lanewise\",\"step\":\"1\"},", text.substring(8, 57), name);
        }
    }

    /** A disk that takes a number of bytes and then is full; a write may take a part, as real ones do. */
    private static void fill(RunFolder run, AtomicLong space) {
        run.setDisk((file, channel) -> new WritableByteChannel() {
            @Override
            public int write(ByteBuffer source) throws IOException {
                if (space.get() <= 0) {
                    throw new IOException("No space left on device");
                }
                int count = (int) Math.min(Math.min(source.remaining(), 37), space.get());
                ByteBuffer part = source.duplicate();
                part.limit(part.position() + count);
                int written = channel.write(part);
                source.position(source.position() + written);
                space.addAndGet(-written);
                return written;
            }

            @Override
            public boolean isOpen() {
                return channel.isOpen();
            }

            @Override
            public void close() throws IOException {
                channel.close();
            }
        });
    }

    @Test
    void aFullDiskAtAnyByteLeavesTheCheckpointBefore() throws IOException {
        RunFolder run = create(folder.resolve("run"), CharTokenizer.of("abc"));
        Content before = new Content(1);
        Content after = new Content(2);
        run.save(1, null, 0, before.parameters, before.updater);
        AtomicLong space = new AtomicLong(Long.MAX_VALUE);
        fill(run, space);
        int failures = 0;
        for (long bytes = 0;; bytes += 41) {
            space.set(bytes);
            try {
                run.save(2, null, 0, after.parameters, after.updater);
                break;
            } catch (IOException full) {
                failures++;
                assertEquals("the checkpoint of step 2 can't be written to " + run.path()
                        + ": No space left on device. The last good checkpoint is kept: "
                        + run.path().resolve("checkpoint-1"), full.getMessage());
                assertEquals(run.path().resolve("checkpoint-1"), run.latest());
                assertFalse(Files.exists(run.path().resolve("checkpoint-2.tmp")), "its space is given back");
                Content read = new Content(3);
                Checkpoint checkpoint = Checkpoint.open(run.path());
                checkpoint.loadModel(read.parameters);
                checkpoint.loadOptimizer(read.updater);
                assertArrayEquals(before.all(), read.all());
            }
        }
        assertTrue(failures > 40, "failures " + failures);
        Content read = new Content(3);
        Checkpoint.open(run.path()).loadModel(read.parameters);
        Checkpoint.open(run.path()).loadOptimizer(read.updater);
        assertArrayEquals(after.all(), read.all());
    }

    @Test
    void leftoversOfAKilledProcessAreNoObstacle() throws IOException {
        RunFolder run = create(folder.resolve("run"), null);
        Content content = new Content(1);
        run.save(1, null, 0, content.parameters, content.updater);
        for (String name : List.of("checkpoint-2.tmp", "checkpoint-2", "checkpoint-1.tmp")) {
            Files.createDirectory(run.path().resolve(name));
            Files.writeString(run.path().resolve(name).resolve(Checkpoint.MODEL), "half");
        }
        Files.writeString(run.path().resolve("latest.tmp"), "checkp");
        readAll(run.path());
        run.save(2, null, 0, content.parameters, content.updater);
        readAll(run.path());
        try (var entries = Files.list(run.path())) {
            assertEquals(List.of("checkpoint-1", "checkpoint-2", "latest", "lock"),
                    entries.map(entry -> entry.getFileName().toString()).sorted().toList());
        }
    }

    @Test
    void anUnusableFolderIsNamed() throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "text");
        for (Path path : List.of(file, file.resolve("run"))) {
            String message = assertThrows(IOException.class, () -> create(path, null)).getMessage();
            assertTrue(message.startsWith("folder " + path + " can't be written: "), message);
        }
        RunFolder run = create(folder.resolve("run"), null);
        Content content = new Content(1);
        run.save(1, null, 0, content.parameters, content.updater);
        run.close();
        String message = assertThrows(IOException.class, () -> create(run.path(), null)).getMessage();
        assertEquals("folder " + run.path() + " already holds a run; resume it, or choose another folder", message);
        readAll(run.path());
    }

    @Test
    void aFolderHasOneWriter() throws IOException {
        String held = "another run is writing to folder ";
        Path path = folder.resolve("run");
        RunFolder run = create(path, null);
        Path detour = folder.resolve("run/../run");
        for (Path same : List.of(path, detour, path)) {
            String message = assertThrows(IOException.class, () -> create(same, null)).getMessage();
            assertTrue(message.startsWith(held + same), message);
        }
        Content content = new Content(1);
        run.save(1, null, 0, content.parameters, content.updater);
        Checkpoint checkpoint = Checkpoint.open(path);
        String message = assertThrows(IOException.class,
                () -> RunFolder.resume(checkpoint, CONFIG, TRAINING, CONFIG, null)).getMessage();
        assertTrue(message.startsWith(held + path), message);
        run.close();
        RunFolder.resume(checkpoint, CONFIG, TRAINING, CONFIG, null).close();
        RunFolder.resume(checkpoint, CONFIG, TRAINING, CONFIG, null).close();
    }

    /** The lock of a process that is alive counts; the file that a dead one left does not. */
    @Test
    void anotherProcessKeepsItsFolder() throws IOException, InterruptedException {
        Path path = Files.createDirectory(folder.resolve("run"));
        Process other = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp",
                System.getProperty("java.class.path"), Holder.class.getName(), path.resolve(RunLock.FILE).toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT).start();
        try {
            assertEquals('x', other.getInputStream().read(), "the other process has the lock");
            String message = assertThrows(IOException.class, () -> create(path, null)).getMessage();
            assertTrue(message.startsWith("another run is writing to folder " + path), message);
        } finally {
            other.destroyForcibly().waitFor();
        }
        create(path, null).close();
    }

    /** The other process. */
    static final class Holder {
        public static void main(String[] args) throws IOException, InterruptedException {
            try (var channel = FileChannel.open(Path.of(args[0]), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
                channel.lock();
                System.out.print('x');
                System.out.flush();
                Thread.sleep(60_000);
            }
        }
    }

    @Test
    void aFolderWithoutPermissionIsNamed() throws IOException {
        Path locked = Files.createDirectory(folder.resolve("locked"));
        assumeFalse(!locked.toFile().setWritable(false) || Files.isWritable(locked), "this user may write everywhere");
        String message = assertThrows(IOException.class, () -> create(locked, null)).getMessage();
        assertTrue(message.startsWith("folder " + locked + " can't be written: permission denied"), message);
        assertTrue(locked.toFile().setWritable(true));
    }

    @Test
    void missingPartsAreNamed() throws IOException {
        assertRefused(folder.resolve("absent"), "does not exist");
        assertRefused(folder, "holds no checkpoint: neither latest nor state.json is there");
        assertRefused(Files.writeString(folder.resolve("file"), "x"), "is not a directory");
        Path run = saved();
        for (String text : List.of("", "checkpoint-9", "../run/checkpoint-1", "/etc", "checkpoint-1/../checkpoint-1",
                "checkpoint-01", "checkpoint-99999999999")) {
            Files.writeString(run.resolve("latest"), text);
            assertRefused(run, text.equals("checkpoint-9") || text.equals("checkpoint-01") ? "does not exist" : "does not name a checkpoint");
        }
        Files.writeString(run.resolve("latest"), "checkpoint-1\n");
        readAll(run);
        for (String name : FILES) {
            Path file = run.resolve("checkpoint-1").resolve(name);
            byte[] content = Files.readAllBytes(file);
            Files.delete(file);
            assertRefused(run, name + ": is missing");
            Files.createDirectory(file);
            assertRefused(run, name + ": is not a file");
            Files.delete(file);
            Files.write(file, content);
        }
        Files.move(run.resolve("checkpoint-1"), run.resolve("checkpoint-3"));
        Files.writeString(run.resolve("latest"), "checkpoint-3\n");
        assertRefused(run, "state.json: is of step 1");
    }

    private Path saved() throws IOException {
        Path path = folder.resolve("run");
        Content content = new Content(1);
        create(path, CharTokenizer.of("abc")).save(1, 0.5, 1, content.parameters, content.updater);
        readAll(path);
        return path;
    }

    @Test
    void damageAnywhereIsRefused() throws IOException {
        Path run = saved();
        Path directory = run.resolve("checkpoint-1");
        int refused = 0;
        for (String name : FILES) {
            Path file = directory.resolve(name);
            byte[] good = Files.readAllBytes(file);
            SplittableRandom random = new SplittableRandom(name.hashCode());
            for (int i = 0; i < 150; i++) {
                byte[] bad = switch (i % 5) {
                    case 0 -> Arrays.copyOf(good, random.nextInt(good.length));
                    case 1 -> Arrays.copyOf(good, good.length + 1 + random.nextInt(100));
                    default -> {
                        byte[] flipped = good.clone();
                        flipped[random.nextInt(good.length)] ^= (byte) (1 << random.nextInt(8));
                        yield flipped;
                    }
                };
                Files.write(file, bad);
                try {
                    readAll(run);
                    // The seal itself is not sealed: a digit of the time, or a letter of the JDK's version, may differ.
                    if (!name.equals(Checkpoint.STATE)) {
                        fail(name + ", mutation " + i + " accepted");
                    }
                } catch (IOException expected) {
                    assertTrue(expected instanceof CheckpointException && expected.getMessage().contains(name),
                            expected.toString());
                    refused++;
                }
            }
            Files.write(file, good);
        }
        readAll(run);
        assertTrue(refused > 670, "refused " + refused);
    }

    /** Someone who makes the checksums right has still to be refused. */
    @Test
    void hostileContentWithRightChecksumsIsRefused() throws IOException {
        Path run = saved();
        Path directory = run.resolve("checkpoint-1");
        String[][] cases = {
            {Checkpoint.CONFIG, "\"rows\": 3", "\"rows\": 2147483647", "describes a model of"},
            {Checkpoint.CONFIG, "\"rows\": 3", "\"rows\": 4", "describes a model of 20 parameters; model.safetensors holds 16"},
            {Checkpoint.CONFIG, "\"rows\": 3", "\"rows\": -1", "model: rows is -1 and columns 4; expected at least 1"},
            {Checkpoint.CONFIG, "\"rows\": 3", "\"rows\": 3.5", "model.rows is 3.5; expected int"},
            {Checkpoint.CONFIG, "\"rows\": 3", "\"rows\": \"3\"", "model.rows is \"3\"; expected int"},
            {Checkpoint.CONFIG, "\"rows\": 3", "\"rows\": 99999999999", "model.rows is 99999999999; expected int"},
            {Checkpoint.CONFIG, "\"rows\": 3", "\"rows\": null", "model.rows is null"},
            {Checkpoint.CONFIG, "\"rows\": 3", "\"rows\": [3]", "model.rows is an array or object"},
            {Checkpoint.CONFIG, "\"rows\": 3", "\"lines\": 3", "model.rows is missing"},
            {Checkpoint.CONFIG, "\"rows\": 3", "\"rows\": 3, \"rows\": 3", "\"rows\" occurs twice"},
            {Checkpoint.CONFIG, "\"rows\": 3", "\"rows\": 3, \"x\": 3", "model has the unknown entry \"x\""},
            {Checkpoint.CONFIG, "\"rate\": 1.0E-300", "\"rate\": 1e999999999", "model.rate is out of range"},
            {Checkpoint.CONFIG, "\"rate\": 1.0E-300", "\"rate\": NaN", "malformed JSON"},
            {Checkpoint.CONFIG, "\"FLOAT64\"", "\"FLOAT16\"", "expected one of [FLOAT32, FLOAT64, BFLOAT16]"},
            {Checkpoint.CONFIG, "\"flag\": true", "\"flag\": 1", "model.flag is 1; expected boolean"},
            {Checkpoint.CONFIG, "\"steps\": 10", "\"steps\": 0", "training: steps is 0; expected at least 1"},
            {Checkpoint.CONFIG, "\"COSINE\"", "{}", "model.nested.shape is an array or object"},
            {Checkpoint.CONFIG, "\"model\": {", "\"model\": " + "[".repeat(3000) + "{", "malformed JSON"},
            {Checkpoint.TOKENIZER, "\"abc\"", "\"cba\"", "characters are not distinct and sorted"},
            {Checkpoint.TOKENIZER, "\"abc\"", "\"aab\"", "characters are not distinct and sorted"},
            {Checkpoint.TOKENIZER, "\"abc\"", "\"\"", "text is empty"},
            {Checkpoint.TOKENIZER, "\"abc\"", "\"\\ud800\"", "half a surrogate pair"},
            {Checkpoint.TOKENIZER, "\"abc\"", "null", "type is characters; expected"},
            {Checkpoint.TOKENIZER, "\"characters\":", "\"characters\" :", null},
            {Checkpoint.TOKENIZER, "\"type\": \"characters\"", "\"type\": \"wordpiece\"", "type is wordpiece; expected"},
            {Checkpoint.MODEL, "[3,4]", "[4,3]", "tensor \"weight\" is F32[4, 3]; expected F32[3, 4]"},
            {Checkpoint.MODEL, "\"bias\"", "\"bais\"", "lacks the tensor \"bias\""},
            {Checkpoint.OPTIMIZER, "\"bias.mean\"", "\"bias.main\"", "lacks the tensor \"bias.mean\""},
            {Checkpoint.OPTIMIZER, "[0,48]", "[8,56]", "begins at byte"},
            {Checkpoint.STATE, "\"format\": 1", "\"format\": 2", "format is 2; this version reads format 1"},
            {Checkpoint.STATE, "\"step\": 1", "\"step\": -1", "step is -1"},
            {Checkpoint.STATE, "\"step\": 1", "\"step\": 2", "is of step 2"},
            {Checkpoint.STATE, "\"seconds\": 1.0", "\"seconds\": -1.0", "seconds -1.0; expected at least 0"},
            {Checkpoint.STATE, "\"config\": {", "\"config\": null, \"x\": {", "unknown entry \"x\""},
        };
        for (String[] change : cases) {
            Path file = directory.resolve(change[0]);
            byte[] good = Files.readAllBytes(file);
            byte[] state = Files.readAllBytes(directory.resolve(Checkpoint.STATE));
            byte[] bad = replace(good, change[1], change[2]);
            Files.write(file, bad);
            if (!change[0].equals(Checkpoint.STATE)) {
                byte[] sealed = replace(state, "\"bytes\": " + good.length + ",", "\"bytes\": " + bad.length + ",");
                Files.write(directory.resolve(Checkpoint.STATE), replace(sealed, crc(good), crc(bad)));
            }
            if (change[3] == null) {
                readAll(run);
            } else {
                assertRefused(run, change[3]);
            }
            Files.write(file, good);
            Files.write(directory.resolve(Checkpoint.STATE), state);
        }
        readAll(run);
    }

    private static byte[] replace(byte[] content, String old, String by) {
        String text = new String(content, StandardCharsets.ISO_8859_1);
        assertTrue(text.contains(old), old);
        return text.replaceFirst(Pattern.quote(old), Matcher.quoteReplacement(by))
                .getBytes(StandardCharsets.ISO_8859_1);
    }

    private static String crc(byte[] content) {
        CRC32C sum = new CRC32C();
        sum.update(content);
        return Long.toHexString(sum.getValue());
    }

    private static void assertRefused(Path path, String expected) {
        String message = assertThrows(CheckpointException.class, () -> readAll(path)).getMessage();
        assertTrue(message.contains(expected), message + " should say: " + expected);
    }
}
