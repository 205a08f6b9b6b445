package lanewise.kernels.simd;

/** Cosines and sines of the angles of consecutive positions: a row of half the head's width for each. */
final class RotaryTableF32 {
    final float[] cosines;
    final float[] sines;
    private final int headWidth;
    private final double base;
    private final int first;
    private final int count;

    RotaryTableF32(int headWidth, double base, int first, int count) {
        this.headWidth = headWidth;
        this.base = base;
        this.first = first;
        this.count = count;
        int half = headWidth / 2;
        cosines = new float[count * half];
        sines = new float[count * half];
        for (int i = 0; i < half; i++) {
            double frequency = Math.pow(base, -2.0 * i / headWidth);
            for (int p = 0; p < count; p++) {
                cosines[p * half + i] = (float) Math.cos((first + p) * frequency);
                sines[p * half + i] = (float) Math.sin((first + p) * frequency);
            }
        }
    }

    /** Whether it holds these positions of such heads. */
    boolean covers(int headWidth, double base, int first, int count) {
        return this.headWidth == headWidth && this.base == base && first >= this.first
                && first - this.first <= this.count - count;
    }

    /** Where the row of a position starts. */
    int row(int position) {
        return (position - first) * (headWidth / 2);
    }
}
