package lanewise.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import lanewise.bench.plan.Family;
import lanewise.bench.plan.Job;
import lanewise.transformer.reports.Machine;

/** The JVM's options of the measuring processes, most of which are about their heaps. */
final class Heap {
    private static final double GIBIBYTE = 1 << 30;
    /** What a process takes beside its heap: the JVM, and the peers' copies of the data. */
    private static final int BESIDE_GIBIBYTES = 1;

    private Heap() {
    }

    /** Of a row's largest matrices several copies exist, 2 GB; of the largest model gradients, moments and activations too. */
    private static int gibibytes(Family family) {
        return family == Family.TRAINING_STEP ? 6 : 3;
    }

    /** The user's options, in words. */
    private static List<String> given() {
        String given = System.getenv("LANEWISE_JAVA_OPTS");
        return given == null || given.isBlank() ? List.of() : List.of(given.strip().split("\\s+"));
    }

    static List<String> flags(Family family) {
        return flags(family, given());
    }

    /** Ours, where the user's say nothing else, and the user's. The serial collector has no threads of its own. */
    static List<String> flags(Family family, List<String> given) {
        List<String> flags = new ArrayList<>();
        if (!setsHeap(given)) {
            flags.addAll(List.of("-Xmx" + gibibytes(family) + "g", "-Xmn1g"));
        }
        if (given.stream().noneMatch(flag -> flag.matches("-XX:[+-]Use\\w*GC"))) {
            flags.add("-XX:+UseSerialGC");
        }
        flags.addAll(List.of("--add-modules", "jdk.incubator.vector"));
        flags.addAll(given);
        return flags;
    }

    private static boolean setsHeap(List<String> flags) {
        return flags.stream().anyMatch(flag -> flag.matches("-X(mx|ms|mn)\\w+|-XX:\\w*(Heap|New|RAM)\\w*=.*"));
    }

    /**
     * Refuses jobs that the machine's memory is too small for.
     *
     * @throws IllegalStateException that says what to do
     */
    static void check(List<Job> jobs) {
        int most = jobs.stream().mapToInt(job -> gibibytes(job.family())).max().orElse(0) + BESIDE_GIBIBYTES;
        long memory = Machine.here().memoryBytes();
        if (memory > 0 && memory < most * GIBIBYTE && !setsHeap(given())) {
            throw new IllegalStateException(String.format(Locale.ROOT, "these rows may need %d GiB of memory; this machine has %.1f. "
                    + "Leave out the training steps (--filter) or give the heap's size, as in LANEWISE_JAVA_OPTS=-Xmx2g", most,
                    memory / GIBIBYTE));
        }
    }
}
