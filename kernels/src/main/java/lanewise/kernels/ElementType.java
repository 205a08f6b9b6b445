package lanewise.kernels;

import java.util.Locale;

/** The type of a tensor's elements: IEEE 754 binary32 or binary64, or the upper half of binary32. */
public enum ElementType {
    /** 32-bit elements, in a {@code float[]}. */
    FLOAT32(4, 0x1p-24),
    /** 64-bit elements, in a {@code double[]}. */
    FLOAT64(8, 0x1p-53),
    /** 16-bit elements with the exponents of float32 and 7 bits of fraction, on a device only. What is summed is float32. */
    BFLOAT16(2, 0x1p-8);

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

    /** Largest relative error of one rounding to nearest: 2^-24, 2^-53 or 2^-8. */
    public double unitRoundoff() {
        return unitRoundoff;
    }

    /** Its name as messages and files have it, such as "float32". */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * The type of what is summed over elements of this type: losses, means and other statistics of rows, and the gradients of gains,
     * shifts, tables and repeated blocks. Float32 for bfloat16, else this type itself. A product of matrices may be in either type.
     */
    public ElementType accumulator() {
        return this == BFLOAT16 ? FLOAT32 : this;
    }
}
