package lanewise.transformer.data;

import java.util.List;

/**
 * Where training batches come from. A batch is a pure function of the seed and of its serial number, so that a resumed run
 * sees what an uninterrupted one would have seen.
 *
 * @param <B> the batches
 */
public interface DataSource<B> {
    /** The training batch with this serial number, counted from 0 over all steps and micro-batches. */
    B trainingBatch(long serial);

    /** Held-out batches: the whole held-out part, in order, each of at most the training batch's size; may be empty. */
    List<B> heldOut();

    /** Tokens (or examples) in a batch, for the throughput that a run reports. */
    long tokens(B batch);
}
