package lanewise.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Contenders that are timed in one process, in turns. Lanewise is in each; several are needed because MKL and OpenBLAS take
 * each other's place in a process.
 */
enum Lineup {
    /** Lanewise by itself. */
    ALONE(List.of(), Map.of()),
    /** Libraries with MKL, which also stands in for OpenBLAS inside PyTorch. */
    MKL(List.of("-Dorg.bytedeco.openblas.load=mkl_rt"), withMemoryKept(Map.of("KMP_BLOCKTIME", "20"))),
    /**
     * Libraries with OpenBLAS. Left to itself, it does not use all that newer processors of AMD have; and its threads lose to
     * those of OpenMP where the latter wait actively.
     */
    OPENBLAS(List.of(), withMemoryKept(Cpu.hasAvx512()
            ? Map.of("OPENBLAS_CORETYPE", "SKYLAKEX", "OMP_WAIT_POLICY", "PASSIVE") : Map.of("OMP_WAIT_POLICY", "PASSIVE"))),
    /** Libraries of the JVM, and a plain loop. They need time to be compiled. */
    JVM(List.of("-Dlanewise.bench.compileMillis=1000"), Map.of());

    /** Options of the JVM. */
    final List<String> options;
    /** Variables of the process, unless the user sets them. */
    private final Map<String, String> variables;

    Lineup(List<String> options, Map<String, String> variables) {
        this.options = options;
        this.variables = variables;
    }

    /** Adds that glibc keeps the memory of freed tensors, where it would return it and have it cleared for the next ones. */
    private static Map<String, String> withMemoryKept(Map<String, String> variables) {
        Map<String, String> all = new LinkedHashMap<>(variables);
        all.put("MALLOC_ARENA_MAX", "1");
        all.put("MALLOC_MMAP_MAX_", "0");
        all.put("MALLOC_TOP_PAD_", "67108864");
        all.put("MALLOC_TRIM_THRESHOLD_", "100000000000");
        return all;
    }

    /** Variables that the process needs and the environment doesn't have. */
    Map<String, String> missingVariables() {
        Map<String, String> missing = new LinkedHashMap<>(variables);
        missing.keySet().removeAll(System.getenv().keySet());
        return missing;
    }

    /** Variables as the process sees them. */
    Map<String, String> variables() {
        Map<String, String> seen = new LinkedHashMap<>(variables);
        seen.replaceAll((name, value) -> System.getenv().getOrDefault(name, value));
        return seen;
    }

    /** The contenders of a family's rows, Lanewise first; only Lanewise where this lineup has nothing to add. */
    List<String> contenders(Family family) {
        List<String> names = new ArrayList<>(List.of("lanewise"));
        switch (this) {
            case MKL -> {
                if (family.isMatmul()) {
                    names.addAll(List.of("mkl", "onednn"));
                }
                names.add("pytorch");
            }
            case OPENBLAS -> {
                if (family.isMatmul()) {
                    names.add("openblas");
                }
                // Elsewhere PyTorch calls no BLAS.
                if (family.isMatmul() || family == Family.ATTENTION || family == Family.TRAINING_STEP) {
                    names.add("pytorch");
                }
            }
            case JVM -> {
                if (family.isMatmul()) {
                    names.addAll(List.of("netlib", "ejml", "nd4j", "plain"));
                }
            }
            default -> { }
        }
        return names;
    }

    /** How a contender of this lineup is called in the report: PyTorch with the BLAS that it has here. */
    String label(String contender) {
        return contender.equals("pytorch") ? "pytorch+" + file() : contender;
    }

    String file() {
        return name().toLowerCase(Locale.ROOT);
    }
}
