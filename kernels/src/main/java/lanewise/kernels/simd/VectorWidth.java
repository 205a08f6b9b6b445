package lanewise.kernels.simd;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShape;

/** The vector width that all kernels of this package use: the machine's, or less if the user caps it. */
final class VectorWidth {
    static final int PREFERRED_BITS = FloatVector.SPECIES_PREFERRED.vectorBitSize();
    static final int BITS = Math.min(PREFERRED_BITS, Machine.vectorBitsCap());
    static final VectorShape SHAPE = VectorShape.forBitSize(BITS);

    private VectorWidth() {
    }
}
