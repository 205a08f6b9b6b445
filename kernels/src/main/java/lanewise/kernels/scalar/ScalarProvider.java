package lanewise.kernels.scalar;

import java.util.Optional;
import lanewise.kernels.Column;
import lanewise.kernels.ElementType;
import lanewise.kernels.KernelProvider;
import lanewise.kernels.Workers;

/** The definition: plain loops that accumulate in double. Available everywhere. */
public final class ScalarProvider implements KernelProvider {
    @Override
    public String name() {
        return "scalar";
    }

    @Override
    public int priority() {
        return 0;
    }

    @Override
    public Optional<String> unavailable() {
        return Optional.empty();
    }

    @Override
    public String details() {
        return "plain Java loops";
    }

    @Override
    public int vectorBits() {
        return 0;
    }

    @Override
    public Column create(ElementType type, Workers workers) {
        return type == ElementType.FLOAT32 ? new ScalarColumnF32(workers) : new ScalarColumnF64(workers);
    }
}
