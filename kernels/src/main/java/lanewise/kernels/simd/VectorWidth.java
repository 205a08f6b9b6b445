package lanewise.kernels.simd;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShape;

/** The vector width that all kernels of this package use: the machine's, or less if the user caps it. */
final class VectorWidth {
    /** System property that caps the width: 128, 256 or 512. */
    static final String PROPERTY = "lanewise.vectorBits";
    static final int PREFERRED_BITS = FloatVector.SPECIES_PREFERRED.vectorBitSize();
    static final int BITS = Math.min(PREFERRED_BITS, cap());
    static final VectorShape SHAPE = VectorShape.forBitSize(BITS);

    private VectorWidth() {
    }

    private static int cap() {
        String value = System.getProperty(PROPERTY);
        if (value == null) {
            return 512;
        }
        return switch (value) {
            case "128" -> 128;
            case "256" -> 256;
            case "512" -> 512;
            default -> throw new IllegalArgumentException(
                    "system property " + PROPERTY + " is \"" + value + "\"; expected 128, 256 or 512");
        };
    }
}
