package lanewise.transformer.training;

import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.JsonWriter;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import lanewise.kernels.ElementType;
import lanewise.kernels.Tensor;

/**
 * Hugging Face's safetensors format: 8 bytes with the header's length (little-endian), the header in JSON, padded with
 * spaces, and then the tensors' elements, little-endian, without holes. See
 * <a href="https://huggingface.co/docs/safetensors">huggingface.co/docs/safetensors</a>.
 *
 * <p>Element types F32 and F64. A file is not trusted: reading checks everything against its real size, and against the
 * tensors that are expected, before it takes memory or changes a tensor.
 */
public final class SafeTensors {
    private static final int LENGTH_BYTES = 8;
    /** The format allows 100 MB; this holds a hundred thousand tensors, and a hostile header can't fill the heap. */
    private static final int LARGEST_HEADER = 16 << 20;
    private static final int CHUNK = 1 << 15;

    /**
     * What the header says of one tensor.
     *
     * @param begin first byte, counted from the end of the header
     * @param end   byte after the last
     */
    public record Entry(String name, ElementType type, List<Integer> shape, long begin, long end) {
    }

    private final Path file;
    private final long dataStart;
    private final Map<String, Entry> entries;
    private final Map<String, String> metadata;

    private SafeTensors(Path file, long dataStart, Map<String, Entry> entries, Map<String, String> metadata) {
        this.file = file;
        this.dataStart = dataStart;
        this.entries = entries;
        this.metadata = metadata;
    }

    /**
     * Writes tensors in the given order, element by element from where they live: nothing is copied as a whole.
     *
     * @param metadata free text about the file
     */
    public static void write(WritableByteChannel out, Map<String, Tensor> tensors, Map<String, String> metadata)
            throws IOException {
        out = whole(out);
        byte[] header = header(tensors, metadata);
        int padded = (header.length + 7) / 8 * 8;
        ByteBuffer start = ByteBuffer.allocate(LENGTH_BYTES + padded).order(ByteOrder.LITTLE_ENDIAN);
        start.putLong(padded).put(header);
        while (start.hasRemaining()) {
            start.put((byte) ' ');
        }
        out.write(start.flip());
        double[] values = new double[CHUNK];
        ByteBuffer buffer = ByteBuffer.allocateDirect(CHUNK * Double.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (Tensor whole : tensors.values()) {
            Tensor tensor = inLongRows(whole);
            for (int row = 0; row < tensor.rows(); row++) {
                for (int done = 0; done < tensor.columns(); done += CHUNK) {
                    int count = Math.min(CHUNK, tensor.columns() - done);
                    tensor.storage().read(tensor.offset() + row * tensor.rowStride() + done, values, 0, count);
                    if (buffer.remaining() < count * tensor.type().bytes()) {
                        out.write(buffer.flip());
                        buffer.clear();
                    }
                    put(buffer, tensor.type(), values, count);
                }
            }
        }
        out.write(buffer.flip());
    }

    /**
     * Reads and checks a file's header; takes memory in proportion to the header, which is really there.
     *
     * @throws CheckpointException if the file does not follow the format
     */
    public static SafeTensors open(Path file) throws IOException {
        try (FileChannel in = FileChannel.open(file, StandardOpenOption.READ)) {
            long size = in.size();
            if (size < LENGTH_BYTES + 2) {
                throw new CheckpointException(file, "is only " + size + " bytes long: no safetensors file");
            }
            long length = readFully(in, ByteBuffer.allocate(LENGTH_BYTES).order(ByteOrder.LITTLE_ENDIAN), file).getLong();
            if (length < 2 || length > LARGEST_HEADER || length > size - LENGTH_BYTES) {
                throw new CheckpointException(file, "claims a header of " + Long.toUnsignedString(length)
                        + " bytes; expected 2 to " + Math.min(LARGEST_HEADER, size - LENGTH_BYTES));
            }
            byte[] header = readFully(in, ByteBuffer.allocate((int) length), file).array();
            if (header[0] != '{') {
                throw new CheckpointException(file, "has a header that does not start with '{'");
            }
            Map<String, Entry> entries = new LinkedHashMap<>();
            Map<String, String> metadata = new LinkedHashMap<>();
            parse(file, header, entries, metadata);
            requireContiguous(file, entries.values(), size - LENGTH_BYTES - length);
            return new SafeTensors(file, LENGTH_BYTES + length, entries, metadata);
        }
    }

    /** What the header says, in its order. */
    public List<Entry> entries() {
        return List.copyOf(entries.values());
    }

    public Map<String, String> metadata() {
        return Map.copyOf(metadata);
    }

    /** Elements of all tensors together. */
    public long elements() {
        return entries.values().stream().mapToLong(entry -> (entry.end - entry.begin) / entry.type.bytes()).sum();
    }

    /**
     * Fills tensors with the file's elements. The file must hold exactly these tensors, with their shapes and element types;
     * otherwise none is changed.
     *
     * @throws CheckpointException if it does not
     */
    public void read(Map<String, Tensor> tensors) throws IOException {
        for (Map.Entry<String, Tensor> expected : tensors.entrySet()) {
            requireMatch(expected.getKey(), expected.getValue());
        }
        for (String name : entries.keySet()) {
            if (!tensors.containsKey(name)) {
                throw new CheckpointException(file, "holds a tensor \"" + shortened(name) + "\" that is not expected");
            }
        }
        double[] values = new double[CHUNK];
        ByteBuffer buffer = ByteBuffer.allocateDirect(CHUNK * Double.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        try (FileChannel in = FileChannel.open(file, StandardOpenOption.READ)) {
            for (Map.Entry<String, Tensor> target : tensors.entrySet()) {
                Tensor tensor = inLongRows(target.getValue());
                in.position(dataStart + entries.get(target.getKey()).begin);
                for (int row = 0; row < tensor.rows(); row++) {
                    for (int done = 0; done < tensor.columns(); done += CHUNK) {
                        int count = Math.min(CHUNK, tensor.columns() - done);
                        buffer.clear().limit(count * tensor.type().bytes());
                        readFully(in, buffer, file);
                        get(buffer, tensor.type(), values, count);
                        tensor.storage().write(tensor.offset() + row * tensor.rowStride() + done, values, 0, count);
                    }
                }
            }
        }
    }

    private void requireMatch(String name, Tensor tensor) throws CheckpointException {
        Entry entry = entries.get(name);
        if (entry == null) {
            throw new CheckpointException(file, "lacks the tensor \"" + name + "\"");
        }
        List<Integer> shape = Arrays.stream(tensor.shape()).boxed().toList();
        if (entry.type != tensor.type() || !entry.shape.equals(shape)) {
            throw new CheckpointException(file, "tensor \"" + name + "\" is " + dtype(entry.type) + entry.shape
                    + "; expected " + dtype(tensor.type()) + shape);
        }
    }

    private static byte[] header(Map<String, Tensor> tensors, Map<String, String> metadata) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (JsonWriter json = new JsonWriter(new OutputStreamWriter(bytes, StandardCharsets.UTF_8))) {
            json.beginObject();
            json.name("__metadata__").beginObject();
            for (Map.Entry<String, String> entry : metadata.entrySet()) {
                json.name(entry.getKey()).value(entry.getValue());
            }
            json.endObject();
            long begin = 0;
            for (Map.Entry<String, Tensor> entry : tensors.entrySet()) {
                Tensor tensor = entry.getValue();
                long end = begin + (long) tensor.elements() * tensor.type().bytes();
                json.name(entry.getKey()).beginObject();
                json.name("dtype").value(dtype(tensor.type()));
                json.name("shape").beginArray();
                for (int axis : tensor.shape()) {
                    json.value(axis);
                }
                json.endArray();
                json.name("data_offsets").beginArray().value(begin).value(end).endArray();
                json.endObject();
                begin = end;
            }
            json.endObject();
        }
        return bytes.toByteArray();
    }

    private static void parse(Path file, byte[] header, Map<String, Entry> entries, Map<String, String> metadata)
            throws CheckpointException {
        InputStreamReader text = new InputStreamReader(new ByteArrayInputStream(header), StandardCharsets.UTF_8
                .newDecoder().onMalformedInput(CodingErrorAction.REPORT).onUnmappableCharacter(CodingErrorAction.REPORT));
        try {
            JsonReader json = Json.strict(new JsonReader(text));
            json.beginObject();
            boolean metadataSeen = false;
            while (json.hasNext()) {
                String name = json.nextName();
                if (name.equals("__metadata__")) {
                    requireOnce(file, name, metadataSeen);
                    metadataSeen = true;
                    parseMetadata(file, json, metadata);
                } else {
                    requireOnce(file, name, entries.containsKey(name));
                    entries.put(name, parseEntry(file, name, json));
                }
            }
            json.endObject();
            json.peek(); // throws if something but spaces follows
        } catch (CheckpointException refused) {
            throw refused;
        } catch (CharacterCodingException malformed) {
            throw new CheckpointException(file, "has a header that is not UTF-8", malformed);
        } catch (IOException | IllegalStateException | NumberFormatException malformed) {
            throw new CheckpointException(file, "has a malformed header: " + shortened(Json.problem(malformed)), malformed);
        }
    }

    private static void parseMetadata(Path file, JsonReader json, Map<String, String> metadata) throws IOException {
        json.beginObject();
        while (json.hasNext()) {
            String name = json.nextName();
            requireOnce(file, name, metadata.containsKey(name));
            if (json.peek() != JsonToken.STRING) {
                throw new CheckpointException(file, "has metadata that is not text at \"" + shortened(name) + "\"");
            }
            metadata.put(name, json.nextString());
        }
        json.endObject();
    }

    private static Entry parseEntry(Path file, String name, JsonReader json) throws IOException {
        ElementType type = null;
        List<Integer> shape = null;
        List<Long> offsets = null;
        json.beginObject();
        while (json.hasNext()) {
            String key = json.nextName();
            switch (key) {
                case "dtype" -> {
                    requireOnce(file, key, type != null);
                    type = type(file, name, json.peek() == JsonToken.STRING ? json.nextString() : "no text");
                }
                case "shape" -> {
                    requireOnce(file, key, shape != null);
                    shape = new ArrayList<>();
                    for (long size : integers(file, name, key, json, 8)) {
                        if (size > Integer.MAX_VALUE) {
                            throw new CheckpointException(file,
                                    "tensor \"" + shortened(name) + "\" has an axis of " + size + " elements");
                        }
                        shape.add((int) size);
                    }
                }
                case "data_offsets" -> {
                    requireOnce(file, key, offsets != null);
                    offsets = integers(file, name, key, json, 2);
                }
                default -> throw new CheckpointException(file,
                        "tensor \"" + shortened(name) + "\" has the unknown entry \"" + shortened(key) + "\"");
            }
        }
        json.endObject();
        if (type == null || shape == null || offsets == null || offsets.size() != 2) {
            throw new CheckpointException(file,
                    "tensor \"" + shortened(name) + "\" lacks its dtype, shape or two data_offsets");
        }
        requireBytes(file, name, type, shape, offsets.get(0), offsets.get(1));
        return new Entry(name, type, List.copyOf(shape), offsets.get(0), offsets.get(1));
    }

    /** Reads a list of integers that are at least 0. */
    private static List<Long> integers(Path file, String name, String key, JsonReader json, int most)
            throws IOException {
        List<Long> values = new ArrayList<>();
        json.beginArray();
        while (json.hasNext()) {
            String text = json.peek() == JsonToken.NUMBER ? json.nextString() : "no number";
            if (!text.matches("\\d{1,18}") || values.size() == most) {
                throw new CheckpointException(file, "tensor \"" + shortened(name) + "\" has " + key + " with "
                        + shortened(text) + "; expected at most " + most + " whole numbers from 0 to 10^18 - 1");
            }
            values.add(Long.parseLong(text));
        }
        json.endArray();
        return values;
    }

    private static void requireBytes(Path file, String name, ElementType type, List<Integer> shape, long begin, long end)
            throws CheckpointException {
        long bytes = type.bytes();
        try {
            for (int size : shape) {
                bytes = Math.multiplyExact(bytes, (long) size);
            }
        } catch (ArithmeticException overflow) {
            bytes = -1;
        }
        if (end - begin != bytes) {
            throw new CheckpointException(file, "tensor \"" + shortened(name) + "\" has data_offsets [" + begin + ", "
                    + end + "], which is not the size of " + dtype(type) + shape);
        }
    }

    /** Tensors must follow each other from the first byte to the last: holes could hide data, overlaps are errors. */
    private static void requireContiguous(Path file, Iterable<Entry> entries, long dataBytes)
            throws CheckpointException {
        List<Entry> sorted = new ArrayList<>();
        entries.forEach(sorted::add);
        sorted.sort((a, b) -> a.begin != b.begin ? Long.compare(a.begin, b.begin) : Long.compare(a.end, b.end));
        long expected = 0;
        for (Entry entry : sorted) {
            if (entry.begin != expected) {
                throw new CheckpointException(file, "tensor \"" + shortened(entry.name) + "\" begins at byte "
                        + entry.begin + " of the data; expected " + expected + ", without hole or overlap");
            }
            expected = entry.end;
        }
        if (expected != dataBytes) {
            throw new CheckpointException(file,
                    "has " + dataBytes + " bytes of data; its header describes " + expected);
        }
    }

    private static void requireOnce(Path file, String name, boolean seen) throws CheckpointException {
        if (seen) {
            throw new CheckpointException(file, "has \"" + shortened(name) + "\" twice in its header");
        }
    }

    private static ElementType type(Path file, String name, String dtype) throws CheckpointException {
        return switch (dtype) {
            case "F32" -> ElementType.FLOAT32;
            case "F64" -> ElementType.FLOAT64;
            default -> throw new CheckpointException(file, "tensor \"" + shortened(name) + "\" has the dtype "
                    + shortened(dtype) + "; expected F32 or F64");
        };
    }

    private static String dtype(ElementType type) {
        return switch (type) {
            case FLOAT32 -> "F32";
            case FLOAT64 -> "F64";
            case BFLOAT16 -> throw new IllegalArgumentException("a tensor is bfloat16; expected the float32 that it is a copy of");
        };
    }

    /** The same elements in as few rows as can be: each costs a device a transfer. */
    private static Tensor inLongRows(Tensor tensor) {
        return tensor.isContiguous() ? tensor.reshape(tensor.elements()) : tensor;
    }

    private static void put(ByteBuffer buffer, ElementType type, double[] values, int count) {
        if (type == ElementType.FLOAT64) {
            buffer.asDoubleBuffer().put(values, 0, count);
            buffer.position(buffer.position() + count * Double.BYTES);
        } else {
            for (int i = 0; i < count; i++) {
                buffer.putFloat((float) values[i]);
            }
        }
    }

    private static void get(ByteBuffer buffer, ElementType type, double[] values, int count) {
        if (type == ElementType.FLOAT64) {
            buffer.asDoubleBuffer().get(values, 0, count);
        } else {
            for (int i = 0; i < count; i++) {
                values[i] = buffer.getFloat();
            }
        }
    }

    /** A channel's write may take only a part. */
    private static WritableByteChannel whole(WritableByteChannel out) {
        return new WritableByteChannel() {
            @Override
            public int write(ByteBuffer source) throws IOException {
                int count = source.remaining();
                while (source.hasRemaining()) {
                    out.write(source);
                }
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
        };
    }

    private static ByteBuffer readFully(FileChannel in, ByteBuffer buffer, Path file) throws IOException {
        while (buffer.hasRemaining()) {
            if (in.read(buffer) < 0) {
                throw new CheckpointException(file, "ends too early");
            }
        }
        return buffer.flip();
    }

    private static String shortened(String text) {
        return text == null || text.length() <= 80 ? text : text.substring(0, 80) + "...";
    }
}
