package lanewise.kernels;

/**
 * The counter-based generator behind dropout masks. The same definition serves every implementation, so that a mask
 * does not depend on which one is active, on the number of threads, or on what was drawn before.
 *
 * <p>It is 32-bit arithmetic throughout, so that vectors of {@code int} can evaluate it: two rounds of the
 * "lowbias32" finaliser (C. Wellons, public domain constants) over the index, keyed by the two halves of the seed.
 */
public final class Dropout {
    private Dropout() {
    }

    /** 32 random bits of an element: a pure function of seed and index. */
    public static int bits(long seed, int index) {
        return mix(mix(index ^ (int) seed) + (int) (seed >>> 32));
    }

    /** The number below which {@link #bits}, read as unsigned, means "dropped": rate 2^32, rounded. */
    public static long threshold(double rate) {
        return Math.round(rate * 0x1p32);
    }

    /** Whether an element is kept. */
    public static boolean kept(double rate, long seed, int index) {
        return Integer.toUnsignedLong(bits(seed, index)) >= threshold(rate);
    }

    private static int mix(int x) {
        x ^= x >>> 16;
        x *= 0x7feb352d;
        x ^= x >>> 15;
        x *= 0x846ca68b;
        x ^= x >>> 16;
        return x;
    }
}
