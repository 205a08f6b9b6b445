package lanewise.kernels.cuda;

import java.util.Optional;
import lanewise.kernels.Column;
import lanewise.kernels.ElementType;
import lanewise.kernels.KernelProvider;
import lanewise.kernels.Tensor;
import lanewise.kernels.Workers;

/**
 * NVIDIA's GPUs. Used only when demanded, for tensors that stay in the memory of the device: those of a caller's arrays are copied there
 * and back in each operation.
 *
 * <p>Needs a GPU of compute capability 8.0 (Ampere) or later, the NVIDIA driver, and on the class path {@code org.jcuda:jcuda} with its
 * natives; no CUDA toolkit. The code loads on every driver from 450.36 (CUDA 11.0) on, which compiles it for its GPU when it is first
 * used, and keeps it; a GPU needs the driver that first knew it: Hopper 520 (CUDA 11.8), Blackwell 570 (CUDA 12.8). Matrix products and
 * attention made for Hopper alone are used from driver 525 (CUDA 12.0) on, unless the system property {@code lanewise.cuda.portable} is
 * true.
 *
 * <p>This class itself must load without jcuda: what touches it is in {@link JcudaDriver}.
 */
public class CudaProvider implements KernelProvider {
    private Device device;

    @Override
    public String name() {
        return "cuda";
    }

    @Override
    public int priority() {
        return 100;
    }

    @Override
    public boolean onDemand() {
        return true;
    }

    @Override
    public Optional<String> unavailable() {
        return Optional.ofNullable(Jcuda.whyNot());
    }

    @Override
    public String details() {
        return JcudaDriver.describeFirst();
    }

    @Override
    public int vectorBits() {
        return 0;
    }

    @Override
    public boolean supports(ElementType type) {
        return true;
    }

    @Override
    public Column create(ElementType type, Workers workers) {
        return new CudaColumn(device(), type);
    }

    @Override
    public Tensor zeros(ElementType type, int... shape) {
        return device().zeros(type, shape);
    }

    /** The device of {@link #create} and {@link #zeros}, when the first of them needs it. */
    Device open() {
        return new Device(new JcudaDriver());
    }

    private synchronized Device device() {
        if (device == null) {
            device = open();
        }
        return device;
    }

    @Override
    public synchronized void close() {
        if (device != null) {
            device.close();
        }
    }
}
