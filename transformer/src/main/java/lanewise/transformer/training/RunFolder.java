package lanewise.transformer.training;

import com.google.gson.JsonObject;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import lanewise.kernels.Tensor;
import lanewise.transformer.data.Tokenizer;
import lanewise.transformer.layers.Parameter;

/**
 * The folder of a run, as the writer of its checkpoints. Each is a directory {@code checkpoint-<step>}; the file
 * {@code latest} names the newest. A checkpoint is written beside its place, forced to the disk, and moved there as a whole;
 * only then is {@code latest} replaced, and only then are older ones deleted, but for one. So whatever happens in between,
 * {@code latest} names a complete checkpoint.
 *
 * <p>A folder has one writer at a time, from {@link #create} or {@link #resume} to {@link #close} or the end of the process.
 */
public final class RunFolder implements Closeable {
    static final String LATEST = "latest";
    static final String NAME_PATTERN = "checkpoint-\\d{1,9}";

    private final Path folder;
    private final RunLock lock;
    private final JsonObject config;
    private final String tokenizer;
    private BiFunction<Path, WritableByteChannel, WritableByteChannel> disk = (file, channel) -> channel;
    private Path latest;

    private RunFolder(Path folder, RunLock lock, Record model, TrainingConfig training, Record data,
            Tokenizer tokenizer) {
        this.folder = folder;
        this.lock = lock;
        config = new JsonObject();
        config.add("model", Json.toObject(model));
        config.add("training", Json.toObject(training));
        config.add("data", Json.toObject(data));
        this.tokenizer = tokenizer == null ? null : Json.write(TokenizerFile.of(tokenizer));
    }

    /**
     * Makes the folder of a new run, or takes an existing one that holds no run.
     *
     * @param model     the model's configuration: a public record of numbers, booleans, strings, enums and records
     * @param data      what the run is trained on, in the same way
     * @param tokenizer null if the model takes no tokens
     * @throws IOException if the folder can't be written, already holds a run, or is being written by another
     */
    public static RunFolder create(Path folder, Record model, TrainingConfig training, Record data,
            Tokenizer tokenizer) throws IOException {
        RunLock lock = claim(folder);
        if (Files.exists(folder.resolve(LATEST))) {
            lock.close();
            throw new IOException("folder " + folder + " already holds a run; resume it, or choose another folder");
        }
        return new RunFolder(folder, lock, model, training, data, tokenizer);
    }

    /**
     * Takes the folder of a checkpoint, to continue the run from it. If that is not the newest, the run is set back to it
     * once it saves; later checkpoints stay until the run writes them again.
     *
     * @param training may differ from the checkpoint's
     * @throws IOException if the folder can't be written or is being written by another run
     */
    public static RunFolder resume(Checkpoint checkpoint, Record model, TrainingConfig training, Record data,
            Tokenizer tokenizer) throws IOException {
        Path folder = checkpoint.directory().getParent();
        RunFolder run = new RunFolder(folder, claim(folder), model, training, data, tokenizer);
        run.latest = checkpoint.directory();
        return run;
    }

    /** Leaves the folder to others. */
    @Override
    public void close() throws IOException {
        lock.close();
    }

    public Path path() {
        return folder;
    }

    /** The newest checkpoint, or the one that the run was set back to; null while there is none. */
    public Path latest() {
        return latest;
    }

    /** Puts something between the channels that files are written through and the disk, such as a full disk. */
    void setDisk(BiFunction<Path, WritableByteChannel, WritableByteChannel> disk) {
        this.disk = disk;
    }

    /**
     * Writes a checkpoint and deletes all older ones but the last.
     *
     * @param bestLoss lowest held-out loss so far; null while there is none
     * @param seconds  duration of the run so far
     * @throws IOException if it can't be written; then the one before is untouched and still the newest
     */
    void save(int step, Double bestLoss, double seconds, List<Parameter> parameters, Updater updater)
            throws IOException {
        Path target = folder.resolve("checkpoint-" + step);
        Path temporary = folder.resolve("checkpoint-" + step + ".tmp");
        try {
            delete(temporary);
            Files.createDirectory(temporary);
            write(temporary, step, bestLoss, seconds, parameters, updater);
            force(temporary);
            if (Files.exists(target)) { // of a run that was set back: latest must name another before it goes
                if (latest != null) {
                    replaceLatest(latest);
                }
                delete(target);
            }
            Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
            force(folder);
            Path previous = latest;
            replaceLatest(target);
            prune(step, previous);
        } catch (IOException failed) {
            try {
                delete(temporary); // gives its space back
            } catch (IOException remains) {
                failed.addSuppressed(remains);
            }
            throw new IOException("the checkpoint of step " + step + " can't be written to " + folder + ": "
                    + reason(failed) + (latest == null ? "" : ". The last good checkpoint is kept: " + latest), failed);
        }
    }

    private void write(Path directory, int step, Double bestLoss, double seconds, List<Parameter> parameters,
            Updater updater) throws IOException {
        Map<String, Tensor> model = new LinkedHashMap<>();
        for (Parameter parameter : parameters) {
            model.put(parameter.name(), parameter.value());
        }
        Map<String, String> about = new LinkedHashMap<>(); // in a fixed order: equal runs give equal bytes
        about.put("format", "lanewise");
        about.put("step", Integer.toString(step));
        if (!parameters.isEmpty() && parameters.get(0).working() != parameters.get(0).value()) {
            about.put(Checkpoint.PRECISION, parameters.get(0).working().type().word());
        }
        Checkpoint.Stamp modelStamp = writeFile(directory.resolve(Checkpoint.MODEL),
                out -> SafeTensors.write(out, model, about));
        Checkpoint.Stamp optimizerStamp = writeFile(directory.resolve(Checkpoint.OPTIMIZER),
                out -> SafeTensors.write(out, updater.state(), about));
        Checkpoint.Stamp configStamp = writeText(directory.resolve(Checkpoint.CONFIG), Json.write(config));
        Checkpoint.Stamp tokenizerStamp =
                tokenizer == null ? null : writeText(directory.resolve(Checkpoint.TOKENIZER), tokenizer);
        Checkpoint.State state = new Checkpoint.State(Checkpoint.FORMAT, step, bestLoss, seconds,
                Runtime.version().toString(), modelStamp, optimizerStamp, configStamp, tokenizerStamp);
        writeText(directory.resolve(Checkpoint.STATE), Json.write(state));
    }

    private void replaceLatest(Path checkpoint) throws IOException {
        Path temporary = folder.resolve(LATEST + ".tmp");
        Files.deleteIfExists(temporary);
        writeText(temporary, checkpoint.getFileName() + "\n");
        Files.move(temporary, folder.resolve(LATEST), StandardCopyOption.ATOMIC_MOVE,
                StandardCopyOption.REPLACE_EXISTING);
        force(folder);
        latest = checkpoint;
    }

    private void prune(int step, Path previous) throws IOException {
        List<Path> old = new ArrayList<>();
        try (Stream<Path> entries = Files.list(folder)) {
            entries.filter(entry -> entry.getFileName().toString().matches(NAME_PATTERN + "(\\.tmp)?")
                    && !entry.equals(previous) && stepOf(entry) < step).forEach(old::add);
        }
        for (Path entry : old) {
            delete(entry);
        }
    }

    private static RunLock claim(Path folder) throws IOException {
        requireWritable(folder);
        return RunLock.of(folder);
    }

    /**
     * Tries it, before minutes are spent, and makes the folder if it is not there.
     *
     * @throws IOException naming the folder, if nothing can be written into it
     */
    public static void requireWritable(Path folder) throws IOException {
        try {
            Files.createDirectories(folder);
            Files.delete(Files.createTempFile(folder, ".writable", null));
        } catch (IOException failed) {
            throw new IOException("folder " + folder + " can't be written: " + reason(failed), failed);
        }
    }

    private static int stepOf(Path checkpoint) {
        return Integer.parseInt(checkpoint.getFileName().toString().replaceAll("\\D", ""));
    }

    @FunctionalInterface
    private interface Content {
        void writeTo(WritableByteChannel out) throws IOException;
    }

    private Checkpoint.Stamp writeText(Path file, String text) throws IOException {
        return writeFile(file, out -> {
            ByteBuffer bytes = StandardCharsets.UTF_8.encode(text);
            while (bytes.hasRemaining()) {
                out.write(bytes);
            }
        });
    }

    private Checkpoint.Stamp writeFile(Path file, Content content) throws IOException {
        try (FileChannel channel =
                FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            CRC32C sum = new CRC32C();
            WritableByteChannel out = disk.apply(file, channel);
            content.writeTo(new WritableByteChannel() {
                @Override
                public int write(ByteBuffer source) throws IOException {
                    ByteBuffer written = source.duplicate();
                    int count = out.write(source);
                    sum.update(written.limit(written.position() + count));
                    return count;
                }

                @Override
                public boolean isOpen() {
                    return out.isOpen();
                }

                @Override
                public void close() throws IOException {
                    out.close();
                }
            });
            channel.force(true);
            return new Checkpoint.Stamp(channel.size(), Long.toHexString(sum.getValue()));
        }
    }

    /** Makes the entries of a directory durable; systems that can't open directories do that themselves. */
    private static void force(Path directory) {
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        } catch (IOException notSupported) {
            // Windows
        }
    }

    /** Deletes a checkpoint directory, if it is there; links are deleted, not followed. */
    private static void delete(Path directory) throws IOException {
        if (!Files.exists(directory, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        List<Path> entries;
        try (Stream<Path> walk = Files.walk(directory)) {
            entries = walk.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path entry : entries) {
            Files.delete(entry);
        }
    }

    /** The exceptions of the file system often have a path for a message and nothing else. */
    private static String reason(IOException failed) {
        if (failed instanceof AccessDeniedException) {
            return "permission denied for " + failed.getMessage();
        }
        if (failed instanceof FileAlreadyExistsException) {
            return failed.getMessage() + " is in the way";
        }
        return failed.getMessage();
    }
}
