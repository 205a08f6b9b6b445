package lanewise.kernels.simd;

/** Sums over the lanes of a stored vector, in a fixed order: reduceLanes leaves the order, and thus the bits, open. */
final class Lanes {
    private Lanes() {
    }

    static double sum(float[] lanes, int count) {
        double even = 0;
        double odd = 0;
        for (int i = 0; i < count; i += 2) {
            even += lanes[i];
            odd += lanes[i + 1];
        }
        return even + odd;
    }

    static double sum(double[] lanes, int count) {
        double even = 0;
        double odd = 0;
        for (int i = 0; i < count; i += 2) {
            even += lanes[i];
            odd += lanes[i + 1];
        }
        return even + odd;
    }
}
