package lanewise.kernels.cuda;

import java.io.IOException;
import java.util.Optional;

/**
 * The kernels for GPUs as the tests of all families run them: with {@code -Dlanewise.test.cuda=host} "cuda" means these kernels on the
 * host, also where there is a GPU; with {@code -Dlanewise.test.cuda=device} it means the GPU, with memory that is poisoned and guarded.
 */
public final class HostRunProvider extends CudaProvider {
    /** Whether "cuda" means this. */
    static boolean isChosen() {
        return HostRun.isDevice() || "host".equals(System.getProperty("lanewise.test.cuda"));
    }

    @Override
    public String name() {
        return isChosen() ? "cuda" : "cuda on the host";
    }

    @Override
    public int priority() {
        return 101;
    }

    @Override
    public Optional<String> unavailable() {
        return HostRun.isDevice() ? Optional.ofNullable(Jcuda.whyNot()) : isChosen() ? Optional.empty() : Optional.of("only with -Dlanewise.test.cuda=host");
    }

    @Override
    public String details() {
        return HostRun.isDevice() ? JcudaDriver.describeFirst() + ", for tests" : "kernels for GPUs, run on the host";
    }

    /** How often the host has waited for such a device, in all. */
    public static long waits() {
        return HostDriver.waits();
    }

    @Override
    Device open() {
        try {
            return HostRun.device();
        } catch (IOException failure) {
            throw new IllegalStateException(failure);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(interrupted);
        }
    }
}
