package lanewise.transformer.training;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToLongFunction;
import java.util.zip.CRC32C;
import lanewise.kernels.ElementType;
import lanewise.kernels.Tensor;
import lanewise.transformer.data.Tokenizer;
import lanewise.transformer.layers.Parameter;

/**
 * A checkpoint, to be read. It is a directory with
 * <ul>
 * <li>{@code model.safetensors}: the parameters, in Hugging Face's format;
 * <li>{@code optimizer.safetensors}: the optimizer's state, in the same;
 * <li>{@code config.json}: the configurations of model, training and data;
 * <li>{@code tokenizer.json}, for models of tokens;
 * <li>{@code state.json}: the step, and size and checksum (CRC-32C) of the others.
 * </ul>
 * None of it is trusted: everything is checked before memory is taken for it, and what does not fit is refused with an
 * error that names the file and the problem.
 */
public final class Checkpoint {
    static final int FORMAT = 1;
    static final String MODEL = "model.safetensors";
    static final String OPTIMIZER = "optimizer.safetensors";
    static final String CONFIG = "config.json";
    static final String TOKENIZER = "tokenizer.json";
    static final String STATE = "state.json";
    /** In the metadata of the model's file, where the run computed in another type than that of the parameters. */
    static final String PRECISION = "precision";
    /** More than a character tokenizer of all of Unicode takes. */
    private static final int LARGEST_TEXT = 16 << 20;

    /**
     * What {@code state.json} holds.
     *
     * @param format    version of this layout
     * @param step      steps done
     * @param bestLoss  lowest held-out loss so far; null if there is none
     * @param seconds   duration of the run so far
     * @param jdk       version of the JDK that wrote it
     * @param model     stamp of its file, as are the others; tokenizer is null if there is no such file
     */
    public record State(int format, int step, Double bestLoss, double seconds, String jdk, Stamp model,
            Stamp optimizer, Stamp config, Stamp tokenizer) {
        /** Checks the ranges. */
        public State {
            if (format != FORMAT) {
                throw new IllegalArgumentException("format is " + format + "; this version reads format " + FORMAT);
            }
            if (step < 0 || !(seconds >= 0)) {
                throw new IllegalArgumentException(
                        "step is " + step + " and seconds " + seconds + "; expected at least 0");
            }
            if (model == null || optimizer == null || config == null) {
                throw new IllegalArgumentException("the stamp of model, optimizer or config is missing");
            }
        }
    }

    /**
     * Tells whether a file is as it was written.
     *
     * @param bytes  its size
     * @param crc32c its checksum in hexadecimal
     */
    public record Stamp(long bytes, String crc32c) {
    }

    private final Path directory;
    private final State state;
    private final JsonObject config;
    private final Tokenizer tokenizer;
    private final SafeTensors model;

    private Checkpoint(Path directory, State state, JsonObject config, Tokenizer tokenizer, SafeTensors model) {
        this.directory = directory;
        this.state = state;
        this.config = config;
        this.tokenizer = tokenizer;
        this.model = model;
    }

    /**
     * Opens a checkpoint and checks all but its tensors' values.
     *
     * @param path the folder of a run, for its newest checkpoint, or the directory of one checkpoint
     * @throws CheckpointException if it is missing, damaged or malformed
     */
    public static Checkpoint open(Path path) throws IOException {
        Path directory = directory(path.toAbsolutePath().normalize());
        State state = readRecord(directory.resolve(STATE), State.class, "state");
        String name = directory.getFileName().toString();
        if (name.matches(RunFolder.NAME_PATTERN) && !name.equals("checkpoint-" + state.step())) {
            throw new CheckpointException(directory.resolve(STATE), "is of step " + state.step());
        }
        requireStamp(directory.resolve(CONFIG), state.config());
        JsonObject config = readObject(directory.resolve(CONFIG));
        Tokenizer tokenizer = null;
        if (state.tokenizer() != null) {
            requireStamp(directory.resolve(TOKENIZER), state.tokenizer());
            try {
                tokenizer = readRecord(directory.resolve(TOKENIZER), TokenizerFile.class, "tokenizer").tokenizer();
            } catch (IllegalArgumentException invalid) {
                throw new CheckpointException(directory.resolve(TOKENIZER), invalid.getMessage(), invalid);
            }
        }
        SafeTensors model = openTensors(directory.resolve(MODEL), state.model());
        return new Checkpoint(directory, state, config, tokenizer, model);
    }

    /** Absolute path of the checkpoint's directory. */
    public Path directory() {
        return directory;
    }

    public State state() {
        return state;
    }

    /** The tokenizer; null if the model takes no tokens. */
    public Tokenizer tokenizer() {
        return tokenizer;
    }

    /**
     * The model's configuration.
     *
     * @param parameters the number of parameters that a configuration means. It must be that of the stored tensors, so that
     *                   a model can be built from the configuration without taking more memory than the file proves
     * @throws CheckpointException if the configuration is not of this type, not valid or not that of the tensors
     */
    public <C extends Record> C modelConfig(Class<C> type, ToLongFunction<C> parameters) throws IOException {
        C result = part("model", type);
        long count;
        try {
            count = parameters.applyAsLong(result);
        } catch (ArithmeticException overflow) {
            count = -1;
        }
        if (count != model.elements()) {
            throw new CheckpointException(directory.resolve(CONFIG), "describes a model of "
                    + (count < 0 ? "too many" : count) + " parameters; " + MODEL + " holds " + model.elements());
        }
        return result;
    }

    /** The training configuration. */
    public TrainingConfig trainingConfig() throws IOException {
        return part("training", TrainingConfig.class);
    }

    /** The data's configuration. */
    public <C extends Record> C dataConfig(Class<C> type) throws IOException {
        return part("data", type);
    }

    /** Element type of the parameters: that of the first. */
    public ElementType elementType() throws IOException {
        if (model.entries().isEmpty()) {
            throw new CheckpointException(directory.resolve(MODEL), "holds no tensors");
        }
        return model.entries().get(0).type();
    }

    /** The type that the run computed in: that of the parameters, or one whose sums are of that type. */
    public ElementType precision() throws IOException {
        ElementType stored = elementType();
        String word = model.metadata().get(PRECISION);
        if (word == null) {
            return stored;
        }
        return Arrays.stream(ElementType.values()).filter(type -> type.word().equals(word) && type.accumulator() == stored)
                .findFirst().orElseThrow(() -> new CheckpointException(directory.resolve(MODEL),
                        "is of a precision that does not go with its tensors' type, " + stored));
    }

    /**
     * Sets a model's parameters. Names, shapes and element types must be the stored ones; otherwise none is changed.
     *
     * @throws CheckpointException if they are not
     */
    public void loadModel(List<Parameter> parameters) throws IOException {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        for (Parameter parameter : parameters) {
            tensors.put(parameter.name(), parameter.value());
        }
        model.read(tensors);
        parameters.forEach(Parameter::valueChanged);
    }

    /**
     * Sets an optimizer's state, which must be that of the optimizer which was stored; otherwise nothing is changed.
     *
     * @throws CheckpointException if it is not, or its file is damaged
     */
    public void loadOptimizer(Updater updater) throws IOException {
        openTensors(directory.resolve(OPTIMIZER), state.optimizer()).read(updater.state());
    }

    private <C extends Record> C part(String name, Class<C> type) throws CheckpointException {
        try {
            return Json.toRecord(config.get(name), type, name);
        } catch (IOException invalid) {
            throw new CheckpointException(directory.resolve(CONFIG), invalid.getMessage(), invalid);
        }
    }

    private static Path directory(Path path) throws IOException {
        Path latest = path.resolve(RunFolder.LATEST);
        if (Files.isRegularFile(latest)) {
            String name = readText(latest).strip();
            if (!name.matches(RunFolder.NAME_PATTERN)) {
                throw new CheckpointException(latest, "does not name a checkpoint");
            }
            if (!Files.isDirectory(path.resolve(name))) {
                throw new CheckpointException(latest, "names " + name + ", which does not exist");
            }
            return path.resolve(name);
        }
        if (!Files.isRegularFile(path.resolve(STATE))) {
            throw new CheckpointException(path, Files.isDirectory(path)
                    ? "holds no checkpoint: neither " + RunFolder.LATEST + " nor " + STATE + " is there"
                    : Files.exists(path) ? "is not a directory" : "does not exist");
        }
        return path;
    }

    private static SafeTensors openTensors(Path file, Stamp stamp) throws IOException {
        requireFile(file);
        SafeTensors tensors = SafeTensors.open(file);
        requireStamp(file, stamp);
        return tensors;
    }

    private static void requireStamp(Path file, Stamp stamp) throws IOException {
        requireFile(file);
        long size = Files.size(file);
        if (size != stamp.bytes()) {
            throw new CheckpointException(file, "has " + size + " bytes; " + STATE + " says " + stamp.bytes());
        }
        CRC32C sum = new CRC32C();
        ByteBuffer buffer = ByteBuffer.allocate(1 << 16);
        try (FileChannel in = FileChannel.open(file, StandardOpenOption.READ)) {
            while (in.read(buffer) >= 0) {
                sum.update(buffer.flip());
                buffer.clear();
            }
        }
        if (!Long.toHexString(sum.getValue()).equals(stamp.crc32c())) {
            throw new CheckpointException(file,
                    "is damaged: its checksum is not the one that was stored in " + STATE);
        }
    }

    private static <R extends Record> R readRecord(Path file, Class<R> type, String name) throws IOException {
        JsonObject object = readObject(file);
        try {
            return Json.toRecord(object, type, name);
        } catch (IOException invalid) {
            throw new CheckpointException(file, invalid.getMessage(), invalid);
        }
    }

    private static JsonObject readObject(Path file) throws IOException {
        String text = readText(file);
        try {
            return Json.parse(text);
        } catch (IOException malformed) {
            throw new CheckpointException(file, malformed.getMessage(), malformed);
        }
    }

    private static String readText(Path file) throws IOException {
        requireFile(file);
        byte[] bytes;
        try (InputStream in = Files.newInputStream(file)) {
            bytes = in.readNBytes(LARGEST_TEXT + 1);
        }
        if (bytes.length > LARGEST_TEXT) {
            throw new CheckpointException(file, "is larger than " + LARGEST_TEXT + " bytes");
        }
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
        } catch (CharacterCodingException malformed) {
            throw new CheckpointException(file, "is not UTF-8 text", malformed);
        }
    }

    private static void requireFile(Path file) throws CheckpointException {
        if (!Files.isRegularFile(file)) {
            throw new CheckpointException(file, Files.exists(file) ? "is not a file" : "is missing");
        }
    }
}
