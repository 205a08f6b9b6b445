package lanewise.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import lanewise.bench.plan.Cpu;
import lanewise.bench.results.RunInfo;
import lanewise.transformer.reports.Machine;

/** The machine, the sources and the processes' variables. */
final class Environment {
    /** Variables that libraries of numerics, glibc or any JVM would heed. */
    private static final String FOREIGN = "(OMP|GOMP|KMP|MKL|OPENBLAS|DNNL|ONEDNN|MALLOC)_\\w+|GOTO_NUM_THREADS|ATEN_CPU_CAPABILITY|"
            + "GLIBC_TUNABLES|JAVA_TOOL_OPTIONS|JDK_JAVA_OPTIONS|_JAVA_OPTIONS";

    private Environment() {
    }

    /** Notes machine, JDK and commit. */
    static void describe(Path home, RunInfo info) {
        Machine machine = Machine.here();
        info.machine.put("processor", machine.processor() + cpuDetails() + ", " + machine.cores() + " cores");
        info.machine.put("memory", String.format(Locale.ROOT, "%.1f GiB", machine.memoryBytes() / (double) (1 << 30)));
        info.machine.put("system", machine.system());
        info.machine.put("JDK", machine.java() + " (" + System.getProperty("java.vm.version") + ")");
        cacheBytes().ifPresent(bytes -> info.cacheBytes = bytes);
        String commit = git(home, "rev-parse", "--short=10", "HEAD");
        boolean changed = !git(home, "status", "--porcelain", "--", "../pom.xml", "../kernels", "../transformer", "pom.xml",
                "src").isEmpty();
        info.commit = commit.isEmpty() ? "unknown" : commit + (changed ? " with changes" : "");
    }

    /** Family and model, since the names of rented processors say little; not all architectures have them. */
    private static String cpuDetails() {
        try {
            String text = Files.readString(Path.of("/proc/cpuinfo"));
            Matcher numbers = Pattern.compile("^cpu family\\s*: (\\d+)\\s+^model\\s*: (\\d+)$", Pattern.MULTILINE).matcher(text);
            return numbers.find() ? " (family " + numbers.group(1) + ", model " + numbers.group(2)
                    + (Cpu.hasAvx512() ? ", AVX-512)" : ")") : "";
        } catch (IOException notLinux) {
            return "";
        }
    }

    /** Of the largest cache that the first core uses, which others may share; empty where the system does not tell. */
    private static OptionalLong cacheBytes() {
        try (Stream<Path> caches = Files.list(Path.of("/sys/devices/system/cpu/cpu0/cache"))) {
            return caches.map(cache -> cache.resolve("size")).filter(Files::isReadable).mapToLong(Environment::bytes)
                    .filter(bytes -> bytes > 0).max();
        } catch (IOException notLinux) {
            return OptionalLong.empty();
        }
    }

    /** Reads a size such as {@code 32768K}; 0 if it is none. */
    private static long bytes(Path size) {
        try {
            String text = Files.readString(size).strip();
            return text.matches("\\d+K") ? Long.parseLong(text.replace("K", "")) << 10
                    : text.matches("\\d+M") ? Long.parseLong(text.replace("M", "")) << 20 : 0;
        } catch (IOException notTold) {
            return 0;
        }
    }

    private static String git(Path home, String... arguments) {
        try {
            String[] command = new String[arguments.length + 3];
            command[0] = "git";
            command[1] = "-C";
            command[2] = home.toString();
            System.arraycopy(arguments, 0, command, 3, arguments.length);
            Process process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
            String output = new String(process.getInputStream().readAllBytes()).strip();
            return process.waitFor() == 0 ? output : "";
        } catch (IOException noGit) {
            return "";
        } catch (InterruptedException impatient) {
            Thread.currentThread().interrupt();
            return "";
        }
    }

    /**
     * A script that starts this JDK's java with variables set, and without others that its libraries read: those are for
     * other programs than this comparison. JMH has no other way to do so.
     */
    static Path javaWith(Map<String, String> variables, Path folder, String name) throws IOException {
        StringBuilder script = new StringBuilder("#!/bin/sh\n");
        System.getenv().keySet().stream().filter(variable -> variable.matches(FOREIGN))
                .sorted().forEach(variable -> script.append("unset ").append(variable).append('\n'));
        variables.forEach((variable, value) -> script.append("export ").append(variable).append("='").append(value).append("'\n"));
        script.append("exec '").append(System.getProperty("java.home")).append("/bin/java' \"$@\"\n");
        Path file = folder.resolve("java-" + name);
        Files.writeString(file, script);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
        return file;
    }
}
