package lanewise.kernels.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * jcuda and what is above it, with a libcuda that runs on the host: so that arguments, contexts, the order of copies and what is given
 * back are tested without a GPU. Each test has a JVM of its own.
 */
class JcudaDriverTest {
    private static final String WITHOUT_JCUDA = "jcuda";
    private static final String WITHOUT_NATIVES = "jcuda-natives";

    @BeforeEach
    void onlyWhereTheNativesAre() {
        HostRun.needs(System.getProperty("os.name").equals("Linux") && System.getProperty("os.arch").equals("amd64"),
                "the natives for the tests are those of Linux on x86-64");
    }

    @Test
    void computesFromSeveralThreadsAndLeavesNothingBehind() throws Exception {
        String output = run("", "compute", "");
        assertTrue(output.contains("left behind: 0 blocks of the device, 0 of the host, 0 modules, 0 events, 0 streams, 0 contexts"), output);
    }

    @Test
    void memoryThatIsMissingIsNamedAndLeavesTheDeviceUsable() throws Exception {
        String output = run("memory=67108864", "memory", "");
        assertTrue(output.contains("the device has no 4194304 bytes in one piece: 0 bytes are free, and 64.0 MiB in use by these kernels"), output);
        assertTrue(output.contains("left behind: 0 blocks of the device, 0 of the host"), output);
    }

    @Test
    void errorsNameTheCall() throws Exception {
        String output = run("", "errors", "");
        assertEquals(4, output.lines().filter("the kernels of this device were closed, and with them the memory of their tensors"::equals).count(), output);
        assertTrue(output.contains("cuMemFree failed: CUDA_ERROR_INVALID_VALUE (in words)"), output);
    }

    @Test
    void saysWhichDeviceIsUsedOrCouldBe() throws Exception {
        String device = "the host itself, 1 GiB, compute capability 8.0, driver for CUDA 12.4";
        assertTrue(run("", "demand", "").contains("cuda: " + device), "demanded");
        String described = run("", "describe", "");
        assertTrue(described.contains("not cuda: " + device + " can be used, but was not demanded"), described);
    }

    @Test
    void saysWhyThereIsNone() throws Exception {
        assertReason("", WITHOUT_JCUDA, "jcuda is not there; add org.jcuda:jcuda:12.6.0 and "
                + "org.jcuda:jcuda-natives:12.6.0 with classifier linux-x86_64 to the class path");
        assertReason("", WITHOUT_NATIVES, "the natives of jcuda are not there; add "
                + "org.jcuda:jcuda-natives:12.6.0 with classifier linux-x86_64 to the class path");
        assertReason(null, "", "there is no NVIDIA driver: libcuda is not found");
        assertReason("version=10020", "", "the NVIDIA driver is too old: it is made for CUDA 10.2; expected 11.0 or later");
        assertReason("devices=0", "", "the NVIDIA driver sees no device");
        assertReason("init=100", "", "the NVIDIA driver sees no device");
        assertReason("init=803", "", "the NVIDIA driver does not start: CUDA_ERROR_SYSTEM_DRIVER_MISMATCH (in words)");
        assertReason("capability=75", "", "the host itself has compute capability 7.5; expected 8.0 (Ampere) or later");
        String taken = run("context=0", "demand", "");
        assertTrue(taken.contains("\"cuda\" can't be started: cuDevicePrimaryCtxRetain failed: CUDA_ERROR_OUT_OF_MEMORY"), taken);
    }

    private static void assertReason(String driver, String without, String reason) throws Exception {
        for (String task : List.of("describe", "demand")) {
            String output = run(driver, task, without);
            assertTrue(output.lines().anyMatch(("not cuda: " + reason)::equals), task + ": " + output);
        }
    }

    /**
     * What a program says.
     *
     * @param driver  what the libcuda plays; null for none
     * @param without words in the names of jars that are left off the class path; empty for none
     */
    private static String run(String driver, String task, String without) throws IOException, InterruptedException {
        Path libcuda = HostRun.libcuda().toAbsolutePath();
        // Where jcuda puts its natives; it would take those that are there already.
        Path temporary = Files.createTempDirectory(Path.of("target"), "natives").toAbsolutePath();
        String classPath = Arrays.stream(System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")).split(File.pathSeparator))
                .filter(entry -> without.isEmpty() || !Path.of(entry).getFileName().toString().startsWith(without)).collect(Collectors.joining(File.pathSeparator));
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx256m",
                "-Djava.io.tmpdir=" + temporary, "-cp", classPath, JcudaProgram.class.getName(), task));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().remove("CUDA_VISIBLE_DEVICES");
        if (driver != null) {
            builder.environment().put("HOST_CUDA", driver);
            builder.environment().put("LD_LIBRARY_PATH", libcuda.toString());
        }
        Path log = temporary.resolve("log");
        Process process = builder.redirectOutput(log.toFile()).start();
        boolean ended = process.waitFor(120, TimeUnit.SECONDS);
        process.destroyForcibly();
        String output = Files.readString(log);
        try (var files = Files.list(temporary)) {
            files.map(Path::toFile).forEach(File::delete);
        }
        Files.delete(temporary);
        assertTrue(ended && process.exitValue() == 0, output);
        return output;
    }
}
