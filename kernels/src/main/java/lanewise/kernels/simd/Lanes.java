package lanewise.kernels.simd;

/** Sums over the lanes of a vector stored at an offset, in a fixed order: reduceLanes leaves the order, and thus the bits, open. */
final class Lanes {
    private Lanes() {
    }

    static double sum(float[] lanes, int at, int count) {
        double even = 0;
        double odd = 0;
        for (int i = 0; i < count; i += 2) {
            even += lanes[at + i];
            odd += lanes[at + i + 1];
        }
        return even + odd;
    }

    static double sum(double[] lanes, int at, int count) {
        double even = 0;
        double odd = 0;
        for (int i = 0; i < count; i += 2) {
            even += lanes[at + i];
            odd += lanes[at + i + 1];
        }
        return even + odd;
    }
}
