package lanewise.bench.plan;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * Contenders that are timed in one process, in turns. Lanewise is in each; several are needed because MKL and OpenBLAS take
 * each other's place in a process. Threads of MKL and OpenBLAS that wait for work spin for 0.1 to 0.2 s if they are let, on the
 * core that the next contender needs: here they give up after some milliseconds, which they never reach while it is their turn.
 */
public enum Lineup {
    /** Lanewise by itself. */
    ALONE(List.of(), Map.of()),
    /** Libraries with MKL, which also stands in for OpenBLAS inside PyTorch. */
    MKL(withoutLimits("-Dorg.bytedeco.openblas.load=mkl_rt"), withMemoryKept(Map.of("KMP_BLOCKTIME", "20"))),
    /**
     * Libraries with OpenBLAS. Left to itself, it does not use all that newer processors of AMD have; and its threads lose to
     * those of OpenMP where the latter wait actively.
     */
    OPENBLAS(withoutLimits(), withMemoryKept(Cpu.hasAvx512() && Cpu.isOfAmd()
            ? Map.of("OPENBLAS_CORETYPE", "SKYLAKEX", "OPENBLAS_THREAD_TIMEOUT", "24", "OMP_WAIT_POLICY", "PASSIVE")
            : Map.of("OPENBLAS_THREAD_TIMEOUT", "24", "OMP_WAIT_POLICY", "PASSIVE"))),
    /** Libraries of the JVM, and a plain loop. They need time to be compiled; one logs what it does. ND4J calls OpenBLAS. */
    JVM(withoutLimits("-Dlanewise.bench.compileMillis=1000", "-Djava.util.logging.config.file=/dev/null"), OPENBLAS.variables);

    /** Options of the JVM. */
    public final List<String> options;
    /** Variables of a process; they replace those of the environment. */
    public final Map<String, String> variables;

    Lineup(List<String> options, Map<String, String> variables) {
        this.options = options;
        this.variables = variables;
    }

    /** Adds that JavaCPP sets no limits to memory: else it asks how much the process has for many an object, while a peer is timed. */
    private static List<String> withoutLimits(String... options) {
        List<String> all = new ArrayList<>(List.of(options));
        all.addAll(List.of("-Dorg.bytedeco.javacpp.maxbytes=0", "-Dorg.bytedeco.javacpp.maxphysicalbytes=0"));
        return List.copyOf(all);
    }

    /** Adds that glibc keeps the memory of freed tensors, where it would return it and have it cleared for the next ones. */
    private static Map<String, String> withMemoryKept(Map<String, String> variables) {
        Map<String, String> all = new TreeMap<>(variables);
        all.put("MALLOC_ARENA_MAX", "1");
        all.put("MALLOC_MMAP_MAX_", "0");
        all.put("MALLOC_TOP_PAD_", "67108864");
        all.put("MALLOC_TRIM_THRESHOLD_", "100000000000");
        return all;
    }

    /** What distinguishes its processes: options and variables. */
    public String describe() {
        List<String> settings = new ArrayList<>(options);
        variables.forEach((name, value) -> settings.add(name + "=" + value));
        return settings.isEmpty() ? "nothing more" : String.join(" ", settings);
    }

    /** The contenders of a family's rows, Lanewise first; only Lanewise where this lineup has nothing to add. */
    List<String> contenders(Family family) {
        List<String> names = new ArrayList<>(List.of("lanewise"));
        switch (this) {
            case MKL -> {
                if (family.isMatmul()) {
                    // PyTorch's products are those of its BLAS; it takes part in them beside OpenBLAS, the faster one.
                    names.addAll(List.of("mkl", "onednn"));
                } else {
                    names.add("pytorch+" + file());
                }
            }
            case OPENBLAS -> {
                if (family.isMatmul()) {
                    names.add("openblas");
                }
                // Elsewhere PyTorch calls no BLAS.
                if (family.isMatmul() || family == Family.ATTENTION || family == Family.TRAINING_STEP) {
                    names.add("pytorch+" + file());
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

    /** Whether a contender runs on the JVM alone. */
    public static boolean isOfTheJvm(String contender) {
        return List.of("netlib", "ejml", "plain").contains(contender);
    }

    /**
     * Where JavaCPP unpacks libraries for a family's rows, below a folder of all such. Not one for all: a link that oneDNN leaves
     * would give PyTorch two runtimes of OpenMP, and a tenth of its speed.
     */
    public String cache(Family family) {
        return file() + (family.isMatmul() ? "-matmul" : "");
    }

    public String file() {
        return name().toLowerCase(Locale.ROOT);
    }
}
