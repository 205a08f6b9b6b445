package lanewise.kernels.simd;

import java.util.Locale;
import java.util.Optional;
import lanewise.kernels.Column;
import lanewise.kernels.ElementType;
import lanewise.kernels.KernelProvider;
import lanewise.kernels.Workers;

/**
 * The Vector API. Declines where vectors would be slower than plain loops: without the incubator module, without the C2
 * compiler, without fused multiply-add in hardware, or with vectors below 128 bits.
 *
 * <p>This class itself must load without the incubator module: what touches vectors is in other classes.
 */
public final class SimdProvider implements KernelProvider {
    @Override
    public String name() {
        return "simd";
    }

    @Override
    public int priority() {
        return 50;
    }

    @Override
    public Optional<String> unavailable() {
        return Machine.whyNoVectors();
    }

    @Override
    public String details() {
        return String.format(Locale.ROOT, "Vector API, %d-bit vectors%s", vectorBits(),
                VectorWidth.BITS < VectorWidth.PREFERRED_BITS
                        ? " (capped by " + Machine.VECTOR_BITS + ", the machine has " + VectorWidth.PREFERRED_BITS + ")"
                        : "");
    }

    @Override
    public int vectorBits() {
        return VectorWidth.BITS;
    }

    @Override
    public Column create(ElementType type, Workers workers) {
        return type == ElementType.FLOAT32 ? new SimdColumnF32(workers) : new SimdColumnF64(workers);
    }
}
