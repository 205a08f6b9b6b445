package lanewise.transformer.reports;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What a run ran on; a figure without it means little.
 *
 * @param processor   its name, or its architecture where the system does not tell the name
 * @param cores       processors that the JVM may use
 * @param memoryBytes of the machine; 0 if unknown
 * @param heapBytes   most that the JVM's heap may take
 * @param system      operating system and version
 * @param java        JVM, version and vendor
 */
public record Machine(String processor, int cores, long memoryBytes, long heapBytes, String system, String java) {
    /** This one. */
    public static Machine here() {
        Runtime runtime = Runtime.getRuntime();
        return new Machine(entry("/proc/cpuinfo", "model name").orElse(System.getProperty("os.arch")),
                runtime.availableProcessors(), memory(), runtime.maxMemory(),
                System.getProperty("os.name") + " " + System.getProperty("os.version") + ", "
                        + System.getProperty("os.arch"),
                System.getProperty("java.vm.name") + " " + System.getProperty("java.version") + ", "
                        + System.getProperty("java.vm.vendor"));
    }

    /** For a table: names and values. */
    public Map<String, String> rows() {
        Map<String, String> rows = new LinkedHashMap<>();
        rows.put("processor", processor + ", " + cores + (cores == 1 ? " core" : " cores"));
        rows.put("memory", (memoryBytes == 0 ? "" : gibibytes(memoryBytes) + ", ") + "heap at most "
                + gibibytes(heapBytes));
        rows.put("system", system);
        rows.put("Java", java);
        return rows;
    }

    private static String gibibytes(long bytes) {
        return String.format(Locale.ROOT, "%.1f GiB", bytes / (double) (1 << 30));
    }

    /** Linux tells in a file; asking the JVM's management beans takes longer than all the rest of the start. */
    private static long memory() {
        Optional<String> kibibytes = entry("/proc/meminfo", "MemTotal");
        if (kibibytes.isPresent()) {
            return Long.parseLong(kibibytes.get().replaceAll("\\D", "")) << 10;
        }
        return ManagementFactory.getOperatingSystemMXBean() instanceof com.sun.management.OperatingSystemMXBean bean
                ? bean.getTotalMemorySize() : 0;
    }

    private static Optional<String> entry(String file, String name) {
        try (Stream<String> lines = Files.lines(Path.of(file))) {
            return lines.filter(line -> line.startsWith(name)).findFirst()
                    .map(line -> line.substring(line.indexOf(':') + 1).strip());
        } catch (IOException notLinux) {
            return Optional.empty();
        }
    }
}
