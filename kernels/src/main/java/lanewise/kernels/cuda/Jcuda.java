package lanewise.kernels.cuda;

import java.io.File;
import java.util.Locale;
import java.util.stream.Stream;

/** Looks for jcuda, its natives, the driver and a device, and says what is missing. */
final class Jcuda {
    private static final String VERSION = "12.6.0";
    private static final String ADD_JCUDA = "add org.jcuda:jcuda:" + VERSION;
    private static String problem;
    private static boolean known;

    private Jcuda() {
    }

    /** Why the GPU can't be used, in words for a user; null if it can. Found out once: a class that failed to start says why only then. */
    static synchronized String whyNot() {
        if (!known) {
            problem = look();
            known = true;
        }
        return problem;
    }

    private static String look() {
        String natives = natives();
        if (natives == null) {
            return "jcuda " + VERSION + " has no natives for " + System.getProperty("os.name") + " on " + System.getProperty("os.arch");
        }
        String addNatives = "org.jcuda:jcuda-natives:" + VERSION + " with classifier " + natives;
        Class<?> driver;
        try {
            driver = Class.forName("jcuda.driver.JCudaDriver", false, Jcuda.class.getClassLoader());
        } catch (ClassNotFoundException | LinkageError missing) {
            return "jcuda is not there; " + ADD_JCUDA + " and " + addNatives + " to the class path";
        }
        // As a module, this one reads what is on the class path only if it says so.
        Jcuda.class.getModule().addReads(driver.getModule());
        if (!mayHaveDriver()) {
            return "there is no NVIDIA driver: libcuda is not found";
        }
        try {
            return JcudaDriver.whyNot();
        } catch (LinkageError failure) {
            return whyNotLinked(failure, addNatives);
        } catch (RuntimeException failure) {
            return failure.getMessage();
        }
    }

    /** The classifier of the natives; null where there are none. */
    private static String natives() {
        String system = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        String processor = System.getProperty("os.arch").toLowerCase(Locale.ROOT);
        boolean isX86 = processor.equals("amd64") || processor.equals("x86_64");
        if (system.startsWith("linux") && isX86) {
            return "linux-x86_64";
        }
        return system.startsWith("windows") && isX86 ? "windows-x86_64" : null;
    }

    /**
     * Whether there are traces of a driver. Without any, jcuda is left alone: it would unpack its natives into the folder of temporary files
     * on every machine that has no GPU, and load what it finds there.
     */
    private static boolean mayHaveDriver() {
        if (File.separatorChar == '\\') {
            return true;
        }
        // Native Linux, and WSL.
        return Stream.of("/dev/nvidiactl", "/proc/driver/nvidia", "/dev/dxg").anyMatch(path -> new File(path).exists())
                || Stream.of(System.getProperty("java.library.path", "").split(File.pathSeparator))
                        .anyMatch(folder -> new File(folder, "libcuda.so.1").exists());
    }

    private static String whyNotLinked(LinkageError failure, String addNatives) {
        String text = String.valueOf(failure.getMessage());
        if (text.contains("libcuda.so") || text.contains("dependent libraries")) {
            return "there is no NVIDIA driver: libcuda is not found";
        }
        if (text.contains("No resource found") || failure.getCause() == null && text.contains("java.library.path")) {
            return "the natives of jcuda are not there; add " + addNatives + " to the class path";
        }
        return "jcuda does not start: " + text.lines().findFirst().orElse(text);
    }
}
