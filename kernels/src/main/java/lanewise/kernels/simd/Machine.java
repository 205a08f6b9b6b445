package lanewise.kernels.simd;

import java.util.Locale;
import java.util.Optional;

/** What must be known before any class that uses vectors may be loaded. */
final class Machine {
    /** System property that caps the width of the vectors: 128, 256 or 512. */
    static final String VECTOR_BITS = "lanewise.vectorBits";

    private Machine() {
    }

    /**
     * The widest vectors that the user allows.
     *
     * @throws IllegalArgumentException if the system property is something else than a width
     */
    static int vectorBitsCap() {
        String value = System.getProperty(VECTOR_BITS, "512");
        return switch (value) {
            case "128", "256", "512" -> Integer.parseInt(value);
            default -> throw new IllegalArgumentException(
                    "system property " + VECTOR_BITS + " is \"" + value + "\"; expected 128, 256 or 512");
        };
    }

    /** Why vectors would fail or be slow here; empty if all is well. */
    static Optional<String> whyNoVectors() {
        try {
            Class.forName("jdk.incubator.vector.FloatVector", false, Machine.class.getClassLoader());
        } catch (ClassNotFoundException missing) {
            return Optional.of("the Vector API is not there; start java with --add-modules jdk.incubator.vector");
        }
        // Before a class is initialised with it, since that could fail only once, and unclearly.
        vectorBitsCap();
        String vm = System.getProperty("java.vm.name", "");
        String mode = System.getProperty("java.vm.info", "").toLowerCase(Locale.ROOT);
        if (vm.contains("OpenJ9")) {
            return Optional.of("this JVM, " + vm + ", does not compile the Vector API to vector instructions");
        }
        if (!mode.contains("mixed mode") && !mode.contains("compiled mode") || mode.contains("emulated-client")) {
            return Optional.of("the optimising compiler is off (the JVM runs in \"" + mode + "\")");
        }
        if (VectorWidth.PREFERRED_BITS < 128) {
            return Optional.of("the machine's vectors have " + VectorWidth.PREFERRED_BITS + " bits; 128 are needed");
        }
        if (!fusedMultiplyAddIsFast()) {
            return Optional.of("the processor has no fused multiply-add instruction, or -XX:-UseFMA hides it");
        }
        return Optional.empty();
    }

    /**
     * Without the instruction, Math.fma computes with BigDecimal: above 500 ns a call even when compiled, while the
     * instruction takes below 100 ns even when interpreted. One quick round of several is proof: noise only slows.
     */
    private static boolean fusedMultiplyAddIsFast() {
        int calls = 50;
        double sum = 0;
        for (int round = 0; round < 40; round++) {
            long start = System.nanoTime();
            for (int i = 0; i < calls; i++) {
                sum = Math.fma(sum, 0.7, 0.1 + i);
            }
            if (System.nanoTime() - start < 250L * calls && sum != 0) {
                return true;
            }
        }
        return false;
    }
}
