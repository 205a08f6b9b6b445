package lanewise.transformer.layers;

import lanewise.kernels.Elementwise;
import lanewise.kernels.Tensor;

/**
 * Dropout at one place of a model. The mask is a function of the pass's dropout seed and of the place alone, so that the
 * backward pass repeats it without storing it.
 */
public final class DropoutLayer {
    private final Elementwise elementwise;
    private final double rate;
    private final long place;

    /**
     * @param rate  probability of dropping an element, 0 to below 1
     * @param layer the block, or -1 before the first
     * @param place tells apart the places within a block
     */
    public DropoutLayer(LayerContext context, double rate, int layer, int place) {
        elementwise = context.kernels().elementwise();
        this.rate = rate;
        this.place = (long) layer << 32 | place;
    }

    /** Whether it does anything in this pass. */
    public boolean active(Pass pass) {
        return pass.training() && rate > 0;
    }

    /** Drops elements of an activation, or of its gradient in the backward pass. Call it only when active. */
    public void apply(Pass pass, Tensor x, Tensor y) {
        elementwise.dropout(rate, mix(mix(pass.dropoutSeed()) + place), x, y);
    }

    /** The finaliser of SplitMix64 (Steele et al., OOPSLA 2014) behind one of its steps. */
    private static long mix(long x) {
        x += 0x9e3779b97f4a7c15L;
        x = (x ^ x >>> 30) * 0xbf58476d1ce4e5b9L;
        x = (x ^ x >>> 27) * 0x94d049bb133111ebL;
        return x ^ x >>> 31;
    }
}
