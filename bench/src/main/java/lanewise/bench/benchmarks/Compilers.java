package lanewise.bench.benchmarks;

import java.io.IOException;
import java.lang.management.CompilationMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/**
 * How much the JVM's compilers work, whose threads take cores from what is timed. Linux tells the processor time of each thread;
 * elsewhere there is the JVM's own total, which grows only when a compilation ends.
 */
final class Compilers {
    private static final Path THREADS = Path.of("/proc/self/task");
    /** What Linux keeps of "C1 CompilerThread0" and "C2 CompilerThread0". */
    private static final String NAME = "C[12] CompilerThre";
    /** Linux counts in hundredths of a second for programs, on every architecture that has a JVM. */
    private static final long NANOS_PER_TICK = 10_000_000;

    private Map<String, Long> before = nanos();

    /** Nanoseconds of processor time since the last call, or since this object was made. */
    long nanosSinceLast() {
        Map<String, Long> now = nanos();
        // A thread that has ended is no longer there, so each is compared with itself.
        long sum = 0;
        for (Map.Entry<String, Long> each : now.entrySet()) {
            sum += each.getValue() - before.getOrDefault(each.getKey(), 0L);
        }
        before = now;
        return sum;
    }

    private static Map<String, Long> nanos() {
        Map<String, Long> nanos = new HashMap<>();
        try (DirectoryStream<Path> threads = Files.newDirectoryStream(THREADS)) {
            for (Path thread : threads) {
                try {
                    if (Files.readString(thread.resolve("comm")).strip().matches(NAME)) {
                        nanos.put(thread.toString(), NANOS_PER_TICK * ticks(Files.readString(thread.resolve("stat"))));
                    }
                } catch (IOException ended) {
                    // It takes no more time.
                }
            }
        } catch (IOException notLinux) {
            CompilationMXBean total = ManagementFactory.getCompilationMXBean();
            nanos.put("total", 1_000_000 * (total == null ? 0 : total.getTotalCompilationTime()));
        }
        return nanos;
    }

    /** In user mode and in the kernel: fields 14 and 15; the name, field 2, is in parentheses and may hold spaces. */
    static long ticks(String stat) {
        String[] fromThird = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
        return Long.parseLong(fromThird[14 - 3]) + Long.parseLong(fromThird[15 - 3]);
    }
}
