package lanewise.kernels;

/** The type of a tensor's elements: IEEE 754 binary32 or binary64. */
public enum ElementType {
    /** 32-bit elements, in a {@code float[]}. */
    FLOAT32(4, 0x1p-24),
    /** 64-bit elements, in a {@code double[]}. */
    FLOAT64(8, 0x1p-53);

    private final int bytes;
    private final double unitRoundoff;

    ElementType(int bytes, double unitRoundoff) {
        this.bytes = bytes;
        this.unitRoundoff = unitRoundoff;
    }

    /** Bytes an element takes. */
    public int bytes() {
        return bytes;
    }

    /** Largest relative error of one rounding to nearest: 2^-24 or 2^-53. */
    public double unitRoundoff() {
        return unitRoundoff;
    }
}
