package lanewise.kernels.simd;

import lanewise.kernels.Activation;

/** What happens to a piece of a row of C once its sums are complete, while the caches still hold it. */
final class EpilogueF32 {
    private EpilogueF32() {
    }

    /**
     * Adds the bias, stores the pre-activation and applies the activation.
     *
     * @param bias starts at biasOffset; null for none
     * @param edge room for {@link ActivationLoopsF32#EDGE} elements
     * @param pre  receives the value before the activation, from preOffset on; null if not wanted
     */
    static void apply(int length, float[] bias, int biasOffset, Activation activation, float[] pre, int preOffset,
            float[] c, int cOffset, float[] edge) {
        if (bias != null) {
            for (int j = 0; j < length; j++) {
                c[cOffset + j] += bias[biasOffset + j];
            }
        }
        if (pre != null) {
            System.arraycopy(c, cOffset, pre, preOffset, length);
        }
        if (activation != Activation.IDENTITY) {
            ActivationLoopsF32.forward(activation, c, cOffset, c, cOffset, length, edge);
        }
    }
}
