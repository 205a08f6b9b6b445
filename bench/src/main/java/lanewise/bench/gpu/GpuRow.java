package lanewise.bench.gpu;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import lanewise.kernels.ElementType;

/**
 * An operation at one size, as {@code bench/gpu/rows.txt} names it and both sides read it. What one run of it does is counted here
 * alone: the sides report only how long it took.
 *
 * <table>
 * <caption>Names</caption>
 * <tr><td>{@code copy float32 8192x65536}</td><td>rows x columns; so all below but for</td></tr>
 * <tr><td>{@code matmul bfloat16 8192x8192x8192}</td><td>m x n x k; {@code tf32} means float32 with operands rounded to it</td></tr>
 * <tr><td>{@code attention-forward bfloat16 16x12 1024 64}</td><td>causal; sequences x heads, length, head width</td></tr>
 * <tr><td>{@code training-step bfloat16 6x384 heads 6 vocabulary 65 batch 64x256}</td><td>layers x width</td></tr>
 * </table>
 *
 * @param sizes all numbers after the type, in order
 */
record GpuRow(String name, String operation, String type, int... sizes) {
    static final String TF32 = "tf32";
    private static final Pattern NOT_DIGITS = Pattern.compile("\\D+");
    /** Operations that are bound by memory, and how often they read or write as many elements as the matrix has. */
    private static final List<String> TRIPS = List.of("copy 2", "softmax 2", "softmax-backward 3", "layer-norm 2", "layer-norm-backward 3",
            "cross-entropy 2", "adamw 7");

    static GpuRow parse(String name) {
        String[] words = name.split(" ", 3);
        if (words.length < 3 || !words[2].matches(".*\\d.*")) {
            throw new IllegalArgumentException("'" + name + "' is no row; expected an operation, a type and sizes");
        }
        int[] sizes = Arrays.stream(NOT_DIGITS.split(words[2])).filter(digits -> !digits.isEmpty()).mapToInt(Integer::parseInt).toArray();
        return new GpuRow(name, words[0], words[1], sizes);
    }

    /** @throws UnsupportedOperationException if these kernels have no such type */
    ElementType elementType() {
        String wanted = type.equals(TF32) ? "float32" : type;
        return Arrays.stream(ElementType.values()).filter(each -> each.name().equalsIgnoreCase(wanted)).findFirst()
                .orElseThrow(() -> new UnsupportedOperationException("these kernels have no " + wanted));
    }

    private int trips() {
        return TRIPS.stream().filter(each -> each.startsWith(operation + " ")).mapToInt(each -> each.charAt(each.length() - 1) - '0')
                .findFirst().orElse(0);
    }

    /** Whether its speed is held against that of copying. */
    boolean memoryBound() {
        return trips() > 0;
    }

    /**
     * What one run does, in {@link #unit} seconds. A multiply-add counts as two operations; of attention only what the causal mask
     * leaves (4 head widths a pair forward, 10 backward, with the scores again); of memory each element that must be read or written, once.
     */
    double work() {
        double elements = (double) sizes[0] * sizes[1];
        if (memoryBound()) {
            return 1e-9 * trips() * elements * (type.equals("bfloat16") ? 2 : 4);
        }
        return switch (operation) {
            case "matmul" -> 1e-12 * 2 * elements * sizes[2];
            case "attention-forward" -> 1e-12 * 4 * pairs() * sizes[3];
            case "attention-backward" -> 1e-12 * 10 * pairs() * sizes[3];
            case "training-step" -> (double) sizes[4] * sizes[5];
            default -> throw new IllegalArgumentException("'" + name + "' is no operation that is timed");
        };
    }

    /** Of a query and a key that it sees. */
    private double pairs() {
        return 0.5 * sizes[0] * sizes[1] * sizes[2] * (sizes[2] + 1.0);
    }

    String unit() {
        return memoryBound() ? "GB/s" : operation.equals("training-step") ? "tokens/s" : "TFLOP/s";
    }

    /** Of copying, or of PyTorch's speed: the least that is wanted; NaN where nothing is. */
    double target() {
        return switch (operation) {
            case "copy" -> Double.NaN;
            case "matmul" -> type.equals("bfloat16") ? 0.6 : type.equals("float32") ? 0.8 : Double.NaN;
            case "attention-forward" -> 0.6;
            case "attention-backward" -> 0.5;
            case "training-step" -> type.equals("bfloat16") ? 1 : Double.NaN;
            default -> 0.85;
        };
    }

    /** The target in words. */
    String targetInWords() {
        return Double.isNaN(target()) ? "" : String.format(Locale.ROOT, "≥ %.2f of %s", target(), memoryBound() ? "copy" : "PyTorch");
    }
}
