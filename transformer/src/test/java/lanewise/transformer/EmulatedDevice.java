package lanewise.transformer;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.concurrent.Callable;
import lanewise.kernels.Kernels;
import org.opentest4j.TestAbortedException;

/**
 * "cuda" as the kernels for GPUs run on the host, slowly. Tests that ask for it are skipped without a C++ compiler, or without the classes
 * of the kernels' tests.
 */
public final class EmulatedDevice {
    private static final String MEANING_OF_CUDA = "lanewise.test.cuda";
    private static final String MEMORY = "lanewise.test.cuda.bytes";
    private static final String PROVIDER = "lanewise.kernels.cuda.HostRunProvider";

    private static final String NOT_COMPILED = "the kernels' tests are not compiled: no kernels for GPUs on the host";

    private EmulatedDevice() {
    }

    /** Kernels on it. */
    public static Kernels open() throws Exception {
        return during(EmulatedDevice::kernels);
    }

    private static Kernels kernels() {
        try {
            return Kernels.builder().implementation("cuda").threads(1).build();
        } catch (IllegalStateException failure) {
            throw failure.getCause() instanceof TestAbortedException missing ? missing : failure;
        }
    }

    /** Runs a command line while "cuda" means that. It would take a missing compiler for its own failure, so that is looked for before. */
    public static <T> T commandLine(Callable<T> run) throws Exception {
        open().close();
        return during(run);
    }

    /** Does something while "cuda" means that. */
    private static <T> T during(Callable<T> action) throws Exception {
        if (provider() == null) {
            System.out.println("Skipped: " + NOT_COMPILED);
        }
        assumeTrue(provider() != null, NOT_COMPILED);
        String before = System.setProperty(MEANING_OF_CUDA, "host");
        try {
            return action.call();
        } finally {
            if (before == null) {
                System.clearProperty(MEANING_OF_CUDA);
            } else {
                System.setProperty(MEANING_OF_CUDA, before);
            }
        }
    }

    /** Runs a command line while "cuda" means that, with so many bytes of memory. */
    public static <T> T withMemory(long bytes, Callable<T> action) throws Exception {
        System.setProperty(MEMORY, Long.toString(bytes));
        try {
            return commandLine(action);
        } finally {
            System.clearProperty(MEMORY);
        }
    }

    /** How often the host has waited for the device, in all. */
    public static long waits() throws ReflectiveOperationException {
        return (long) provider().getMethod("waits").invoke(null);
    }

    private static Class<?> provider() {
        try {
            return Class.forName(PROVIDER);
        } catch (ClassNotFoundException notCompiled) {
            return null;
        }
    }
}
