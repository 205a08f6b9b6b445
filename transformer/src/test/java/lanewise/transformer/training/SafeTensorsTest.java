package lanewise.transformer.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import lanewise.kernels.ElementType;
import lanewise.kernels.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafeTensorsTest {
    private static final String SMALL =
            "{\"w\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]},"
            + "\"b\":{\"dtype\":\"F64\",\"shape\":[2],\"data_offsets\":[24,40]}}";

    @TempDir
    Path folder;

    private Path file(String header, int dataBytes) throws IOException {
        byte[] json = header.getBytes(StandardCharsets.UTF_8);
        return file(json.length, json, dataBytes);
    }

    private Path file(long length, byte[] header, int dataBytes) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(8 + header.length + dataBytes).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putLong(length).put(header);
        for (int i = 0; i < dataBytes; i++) {
            bytes.put((byte) (i % 50));
        }
        return Files.write(folder.resolve("file.safetensors"), bytes.array());
    }

    private static Map<String, Tensor> smallTargets() {
        Map<String, Tensor> targets = new LinkedHashMap<>();
        targets.put("b", Tensor.zeros(ElementType.FLOAT64, 2));
        targets.put("w", Tensor.zeros(ElementType.FLOAT32, 2, 3));
        return targets;
    }

    private static void write(Path file, Map<String, Tensor> tensors, Map<String, String> metadata) throws IOException {
        try (FileChannel out = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE,
                StandardOpenOption.TRUNCATE_EXISTING)) {
            SafeTensors.write(out, tensors, metadata);
        }
    }

    @Test
    void theBytesAreThoseOfTheFormat() throws IOException {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        tensors.put("a", Tensor.wrap(new float[] {1, -2, 0.5f}, 3, 1));
        tensors.put("\u00E9\"", Tensor.wrap(new double[] {Math.PI}, 1));
        Path file = folder.resolve("out");
        write(file, tensors, Map.of("by", "test"));
        String header = "{\"__metadata__\":{\"by\":\"test\"},\"a\":{\"dtype\":\"F32\",\"shape\":[3,1],\"data_offsets\":[0,12]},"
                + "\"\u00E9\\\"\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[12,20]}}";
        byte[] json = header.getBytes(StandardCharsets.UTF_8);
        int padded = (json.length + 7) / 8 * 8;
        ByteBuffer expected = ByteBuffer.allocate(8 + padded + 20).order(ByteOrder.LITTLE_ENDIAN);
        expected.putLong(padded).put(json).put(" ".repeat(padded - json.length).getBytes(StandardCharsets.UTF_8));
        expected.putFloat(1).putFloat(-2).putFloat(0.5f).putDouble(Math.PI);
        assertArrayEquals(expected.array(), Files.readAllBytes(file));
        assertEquals(Map.of("by", "test"), SafeTensors.open(file).metadata());
        assertEquals(4, SafeTensors.open(file).elements());
    }

    @Test
    void everyBitComesBack() throws IOException {
        SplittableRandom random = new SplittableRandom(1);
        Map<String, Tensor> written = new LinkedHashMap<>();
        Map<String, Tensor> read = new LinkedHashMap<>();
        int[][] shapes = {{1}, {7}, {3, 5}, {0, 4}, {2, 3, 4}, {3, 70_000}, {100_001}};
        for (ElementType type : List.of(ElementType.FLOAT32, ElementType.FLOAT64)) {
            for (int[] shape : shapes) {
                Tensor tensor = Tensor.zeros(type, shape);
                double[] values = tensor.toArray();
                double[] special = {-0.0, Double.NaN, Double.POSITIVE_INFINITY, Double.MIN_VALUE, Float.MIN_VALUE, 1e300};
                for (int i = 0; i < values.length; i++) {
                    values[i] = i % 11 == 3 ? special[random.nextInt(special.length)] : random.nextGaussian();
                }
                tensor.copyFrom(values);
                written.put(type + Arrays.toString(shape), tensor);
                read.put(type + Arrays.toString(shape), Tensor.zeros(type, shape));
            }
            // A view of some columns is written and read without the others.
            double[] whole = random.doubles(12).toArray();
            Tensor parent = Tensor.zeros(type, 3, 4);
            parent.copyFrom(whole);
            written.put(type + "view", parent.columnRange(1, 3));
            read.put(type + "view", Tensor.zeros(type, 3, 4).columnRange(2, 4));
        }
        Path file = folder.resolve("out");
        write(file, written, Map.of());
        SafeTensors tensors = SafeTensors.open(file);
        tensors.read(read);
        for (String name : written.keySet()) {
            assertArrayEquals(written.get(name).toArray(), read.get(name).toArray(), name);
        }
    }

    @Test
    void filesOfOtherWritersAreRead() throws IOException {
        // Other order of tensors, whitespace and padding, as Python's and Rust's writers may produce.
        String header = "{ \"b\" : {\"shape\":[2],\"data_offsets\":[24,40],\"dtype\":\"F64\"} , "
                + "\"__metadata__\":{\"format\":\"pt\"},\n \"w\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]}}   ";
        Map<String, Tensor> targets = smallTargets();
        SafeTensors.open(file(header, 40)).read(targets);
        ByteBuffer data = ByteBuffer.allocate(40).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < 40; i++) {
            data.put(i, (byte) i);
        }
        assertEquals(data.getFloat(20), targets.get("w").get(1, 2));
        assertEquals(data.getDouble(24), targets.get("b").get(0, 0));
    }

    @Test
    void malformedFilesAreRefused() throws IOException {
        assertRefused("is only 3 bytes long", Files.write(folder.resolve("x"), new byte[3]));
        assertRefused("is only 0 bytes long", Files.write(folder.resolve("x"), new byte[0]));
        byte[] json = SMALL.getBytes(StandardCharsets.UTF_8);
        for (long length : new long[] {-1, Long.MIN_VALUE, Long.MAX_VALUE, 0, 1, 1L << 40, 100_000_001, json.length + 41}) {
            assertRefused("claims a header of", file(length, json, 40));
        }
        assertRefused("malformed header", file(json.length - 1, json, 40));
        assertRefused("does not start with '{'", file(" " + SMALL, 40));
        assertRefused("not UTF-8", file(json.length, latin1(SMALL.replace("\"w\"", "\"\u00E9\"")), 40));
        assertRefused("has 39 bytes of data; its header describes 40", file(SMALL, 39));
        assertRefused("has 41 bytes of data; its header describes 40", file(SMALL, 41));
        assertRefused("malformed header: not standard JSON at line 1", file(SMALL + "{}", 40));
        assertRefused("malformed header", file(SMALL + "x", 40));
        assertRefused("malformed header", file(SMALL.replace("{\"dtype\":\"F32\"", "{'dtype':\"F32\""), 40));
        assertRefused("malformed header", file(SMALL.replace(",\"b\"", ",,\"b\""), 40));
        assertRefused("malformed header", file("{\"w\":" + "[".repeat(5000), 40));
        assertRefused("unknown entry \"a\"", file("{\"w\":" + "{\"a\":".repeat(5000), 40));
        assertRefused("has \"w\" twice", file(SMALL.replace("\"b\"", "\"w\""), 40));
        assertRefused("has \"w\" twice", file(SMALL.replace("\"b\"", "\"\\u0077\""), 40));
        assertRefused("has \"dtype\" twice", file(SMALL.replace("\"shape\":[2,3]", "\"dtype\":\"F32\""), 40));
        assertRefused("has \"__metadata__\" twice",
                file("{\"__metadata__\":{},\"__metadata__\":{}," + SMALL.substring(1), 40));
        assertRefused("has \"k\" twice", file("{\"__metadata__\":{\"k\":\"\",\"k\":\"\"}," + SMALL.substring(1), 40));
        assertRefused("not text at \"k\"", file("{\"__metadata__\":{\"k\":1}," + SMALL.substring(1), 40));
        assertRefused("unknown entry \"extra\"", file(SMALL.replace("\"shape\":[2,3]", "\"extra\":[2,3]"), 40));
        assertRefused("lacks its dtype", file("{\"w\":{}}", 0));
        assertRefused("lacks its dtype", file(SMALL.replace("[0,24]", "[0]"), 40));
        assertRefused("at most 2 whole numbers", file(SMALL.replace("[0,24]", "[0,24,24]"), 40));
        assertRefused("at most 2 whole numbers", file(SMALL.replace("[0,24]", "[-24,0]"), 40));
        assertRefused("at most 2 whole numbers", file(SMALL.replace("[0,24]", "[0,24.0]"), 40));
        assertRefused("at most 2 whole numbers", file(SMALL.replace("[0,24]", "[0,2.4e1]"), 40));
        assertRefused("at most 2 whole numbers", file(SMALL.replace("[0,24]", "[0,\"24\"]"), 40));
        assertRefused("at most 2 whole numbers", file(SMALL.replace("[0,24]", "[0,99999999999999999999]"), 40));
        assertRefused("at most 8 whole numbers", file(SMALL.replace("[2,3]", "[1,1,1,1,1,1,1,2,3]"), 40));
        assertRefused("at most 8 whole numbers", file(SMALL.replace("[2,3]", "[-2,-3]"), 40));
        assertRefused("an axis of 4294967298 elements", file(SMALL.replace("[2,3]", "[4294967298,3]"), 40));
        assertRefused("not the size of F32[2, 4]", file(SMALL.replace("[2,3]", "[2,4]"), 40));
        assertRefused("not the size of F32[2147483647, 2147483647, 2147483647]",
                file(SMALL.replace("[2,3]", "[2147483647,2147483647,2147483647]"), 40));
        assertRefused("not the size of F32", file(SMALL.replace("[2,3]", "[65536,65536,65536,65536]"), 40));
        assertRefused("has data_offsets [24, 0]", file(SMALL.replace("[0,24]", "[24,0]"), 40));
        assertRefused("begins at byte 16 of the data; expected 24", file(SMALL.replace("[24,40]", "[16,32]"), 40));
        assertRefused("begins at byte 32 of the data; expected 24", file(SMALL.replace("[24,40]", "[32,48]"), 48));
        assertRefused("begins at byte 8 of the data; expected 0", file(SMALL.replace("[0,24]", "[8,32]"), 40));
        for (String type : List.of("\"BF16\"", "\"I64\"", "\"f32\"", "\"\"", "7", "null", "[]")) {
            assertRefused(type.equals("[]") ? "" : "expected F32 or F64", file(SMALL.replace("\"F32\"", type), 40));
        }
    }

    @Test
    void aHugeHeaderIsRefusedEvenIfItIsThere() throws IOException {
        Path file = file(50_000_000, new byte[] {'{'}, 0);
        try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
            sparse.setLength(60_000_000);
        }
        assertRefused("claims a header of 50000000 bytes; expected 2 to 16777216", file);
    }

    @Test
    void whatDoesNotFitTheModelIsRefusedAndChangesNothing() throws IOException {
        Map<String, Tensor> targets = smallTargets();
        SafeTensors tensors = SafeTensors.open(file(SMALL, 40));
        targets.put("c", Tensor.zeros(ElementType.FLOAT32, 1));
        assertMismatch("lacks the tensor \"c\"", tensors, targets);
        targets.remove("c");
        Tensor w = targets.remove("w");
        assertMismatch("holds a tensor \"w\" that is not expected", tensors, targets);
        targets.put("w", Tensor.zeros(ElementType.FLOAT32, 3, 2));
        assertMismatch("tensor \"w\" is F32[2, 3]; expected F32[3, 2]", tensors, targets);
        targets.put("w", Tensor.zeros(ElementType.FLOAT32, 6));
        assertMismatch("tensor \"w\" is F32[2, 3]; expected F32[6]", tensors, targets);
        targets.put("w", Tensor.zeros(ElementType.FLOAT64, 2, 3));
        assertMismatch("tensor \"w\" is F32[2, 3]; expected F64[2, 3]", tensors, targets);
        targets.put("w", w);
        tensors.read(targets);
        Files.write(folder.resolve("file.safetensors"), Arrays.copyOf(
                Files.readAllBytes(folder.resolve("file.safetensors")), 100));
        assertTrue(assertThrows(CheckpointException.class, () -> tensors.read(targets)).getMessage().endsWith(
                "ends too early"));
    }

    @Test
    void randomDamageIsRefusedOrLeavesTheHeaderValid() throws IOException {
        Path file = file(SMALL + "     ", 40);
        byte[] good = Files.readAllBytes(file);
        int header = good.length - 40;
        int refused = 0;
        for (int length = 0; length < good.length; length++) {
            assertRefused("", Files.write(file, Arrays.copyOf(good, length)));
            refused++;
        }
        for (int bit = 0; bit < 8 * header; bit++) {
            byte[] bad = good.clone();
            bad[bit / 8] ^= (byte) (1 << bit % 8);
            Files.write(file, bad);
            try {
                // A flip may give another valid header, for instance another name: then the model does not match.
                SafeTensors.open(file).read(smallTargets());
                assertTrue(bit / 8 >= header - 5 || Character.isWhitespace(bad[bit / 8]),
                        "accepted with bit " + bit + " flipped: " + new String(bad, 8, header - 8, StandardCharsets.ISO_8859_1));
            } catch (CheckpointException expected) {
                assertTrue(expected.getMessage().startsWith(file + ": "), expected.getMessage());
                refused++;
            }
        }
        assertTrue(refused > 1000, "refused " + refused);
    }

    private static byte[] latin1(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    private static void assertRefused(String expected, Path file) {
        String message = assertThrows(CheckpointException.class, () -> SafeTensors.open(file)).getMessage();
        assertTrue(message.startsWith(file + ": ") && message.contains(expected), message);
        assertTrue(message.length() < 500, message);
    }

    private static void assertMismatch(String expected, SafeTensors tensors, Map<String, Tensor> targets) {
        String message = assertThrows(CheckpointException.class, () -> tensors.read(targets)).getMessage();
        assertTrue(message.contains(expected), message);
        for (Tensor target : targets.values()) {
            assertTrue(Arrays.stream(target.toArray()).allMatch(value -> value == 0));
        }
    }
}
