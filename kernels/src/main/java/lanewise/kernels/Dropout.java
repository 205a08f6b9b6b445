package lanewise.kernels;

/**
 * The counter-based generator behind dropout masks. The same definition serves every implementation, so that a mask
 * does not depend on which one is active, on the number of threads, or on what was drawn before.
 *
 * <p>It is 32-bit arithmetic throughout, so that vectors of {@code int} can evaluate it: two rounds of the
 * "lowbias32" finaliser (C. Wellons, public domain constants) over the index, each with its own half of {@link #key}.
 */
public final class Dropout {
    private Dropout() {
    }

    /**
     * The key of a mask: the seed through the SplitMix64 finaliser (Steele, Lea and Flood, OOPSLA 2014). Without it,
     * the masks of neighbouring seeds would be each other's permutations.
     */
    public static long key(long seed) {
        long z = seed + 0x9e3779b97f4a7c15L;
        z = (z ^ z >>> 30) * 0xbf58476d1ce4e5b9L;
        z = (z ^ z >>> 27) * 0x94d049bb133111ebL;
        return z ^ z >>> 31;
    }

    /** 32 random bits of an element: {@code mix(mix(index ^ lower half of key) + upper half of key)}. */
    public static int bits(long key, int index) {
        return mix(mix(index ^ (int) key) + (int) (key >>> 32));
    }

    /** The number below which {@link #bits}, read as unsigned, means "dropped": rate 2^32, rounded. */
    public static long threshold(double rate) {
        return Math.round(rate * 0x1p32);
    }

    /** Whether an element is kept. */
    public static boolean kept(double rate, long seed, int index) {
        return Integer.toUnsignedLong(bits(key(seed), index)) >= threshold(rate);
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
