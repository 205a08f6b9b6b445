package lanewise.kernels.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;

/**
 * The code for GPUs in the resources: it is that of the sources, and ptxas compiles it for every kind of GPU without spilling registers
 * to memory. Prints a line for each file and kind.
 */
class CudaCodeTest {
    private static final Path CODE = Path.of("src/main/resources/lanewise/kernels/cuda");
    private static final Path SOURCES = Path.of("src/main/cuda");
    private static final Path REPORTS = Path.of("target/ptxas");
    /** Bytes that kernels may spill, by the beginning of their name; none else may. */
    private static final Map<String, Integer> SPILLS = Map.of("attention_key_gradients_f32_64", 8, "attention_key_gradients_bf16_64", 8,
            "attention_tensor_key_gradients_bf16_64", 48, "attention_forward_bf16_sm90", 8);
    private static final Pattern KERNEL = Pattern.compile("Compiling entry function '(\\w+)' for '(\\w+)'");
    private static final Pattern SPILL = Pattern.compile("(\\d+) bytes spill stores, (\\d+) bytes spill loads");
    private static final Pattern REGISTERS = Pattern.compile("Used (\\d+) registers");

    @Test
    void theCodeIsThatOfTheSources() throws Exception {
        HostRun.needs(Files.isExecutable(Path.of("/bin/bash")), "no bash, which knows the hash of the sources");
        Process check = new ProcessBuilder("bash", SOURCES.resolve("build").toString(), "--check").redirectErrorStream(true).start();
        String output = new String(check.getInputStream().readAllBytes());
        assertEquals(0, check.waitFor(), output);
    }

    @Test
    void everyFileKeepsToTheOldestPtxThatItCan() throws IOException {
        for (Path file : files()) {
            assertEquals(isForHopper(file) ? ".version 8.0" : ".version 7.0", code(file).lines().skip(1).findFirst().orElseThrow(), file.toString());
        }
    }

    @Test
    void everyGpuGetsCodeThatSpillsNothing() throws Exception {
        HostRun.needs(isThere("ptxas"), "no ptxas on the PATH: the compiler's report of registers is not checked");
        List<String> failures = new ArrayList<>();
        for (Path file : files()) {
            for (String gpu : isForHopper(file) ? List.of("sm_90a") : List.of("sm_80", "sm_90", "sm_100")) {
                check(file.getFileName().toString(), report(file, gpu), gpu, failures);
            }
        }
        assertTrue(failures.isEmpty(), String.join("\n", failures));
    }

    private static List<Path> files() throws IOException {
        try (Stream<Path> files = Files.list(CODE)) {
            return files.filter(file -> file.toString().endsWith(".ptx.gz")).sorted().toList();
        }
    }

    private static boolean isForHopper(Path file) {
        return file.toString().endsWith("_sm90.ptx.gz");
    }

    private static String code(Path file) throws IOException {
        try (InputStream in = new GZIPInputStream(Files.newInputStream(file))) {
            return new String(in.readAllBytes(), StandardCharsets.US_ASCII);
        }
    }

    private static boolean isThere(String program) throws InterruptedException {
        try {
            return new ProcessBuilder(program, "--version").redirectOutput(ProcessBuilder.Redirect.DISCARD).start().waitFor() == 0;
        } catch (IOException missing) {
            return false;
        }
    }

    /** What ptxas says; kept until the code changes. */
    private static String report(Path file, String gpu) throws IOException, InterruptedException {
        Path kept = REPORTS.resolve(file.getFileName() + "." + gpu);
        String code = code(file);
        String sources = code.lines().findFirst().orElseThrow() + "\n";
        if (Files.exists(kept)) {
            String report = Files.readString(kept);
            if (report.startsWith(sources)) {
                return report;
            }
        }
        Files.createDirectories(REPORTS);
        Path ptx = Files.writeString(REPORTS.resolve("code.ptx"), code);
        Process ptxas = new ProcessBuilder("ptxas", "-v", "-arch=" + gpu, ptx.toString(), "-o", REPORTS.resolve("code").toString())
                .redirectErrorStream(true).start();
        String report = sources + new String(ptxas.getInputStream().readAllBytes());
        assertEquals(0, ptxas.waitFor(), file + " is not compiled for " + gpu + ":\n" + report);
        Files.writeString(kept, report);
        return report;
    }

    private static void check(String file, String report, String gpu, List<String> failures) {
        String kernel = "";
        int kernels = 0;
        int most = 0;
        for (String line : report.lines().toList()) {
            Matcher matcher = KERNEL.matcher(line);
            if (matcher.find()) {
                kernel = matcher.group(1);
                kernels++;
            }
            matcher = REGISTERS.matcher(line);
            if (matcher.find()) {
                most = Math.max(most, Integer.parseInt(matcher.group(1)));
            }
            matcher = SPILL.matcher(line);
            if (matcher.find()) {
                int bytes = Math.max(Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2)));
                if (bytes > allowed(kernel)) {
                    failures.add(file + " for " + gpu + ": " + kernel + " spills " + bytes + " bytes; allowed are " + allowed(kernel));
                }
            }
        }
        assertTrue(kernels > 0 && most > 0, "the report of " + file + " is not understood:\n" + report);
        System.out.println(file + " for " + gpu + ": " + kernels + " kernels, at most " + most + " registers");
    }

    private static int allowed(String kernel) {
        return SPILLS.entrySet().stream().filter(entry -> kernel.startsWith(entry.getKey())).mapToInt(Map.Entry::getValue).max().orElse(0);
    }
}
