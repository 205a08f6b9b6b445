package lanewise.bench.cases;

/**
 * A library that is timed: Lanewise or a peer. Found by {@link java.util.ServiceLoader}, so the constructor loads nothing
 * native. Each method prepares a case for a number of threads, or returns null where the library has no such operation.
 */
public interface Contender {
    /** The name in the tables, such as {@code mkl}. */
    String name();

    /** Version and settings, on one line. May load the library. */
    String version();

    /** A matrix product. */
    default Task matmul(MatmulCase matmul, int threads) {
        return null;
    }

    /** Attention, forward, or forward and backward, or of one query against a cache. */
    default Task attention(AttentionCase attention, int threads) {
        return null;
    }

    /** Softmax of rows, forward or backward. */
    default Task softmax(SoftmaxCase softmax, int threads) {
        return null;
    }

    /** Layer norm, forward or backward. */
    default Task layerNorm(LayerNormCase layerNorm, int threads) {
        return null;
    }

    /** GELU, forward or backward. */
    default Task gelu(GeluCase gelu, int threads) {
        return null;
    }

    /** The loss and its gradient. */
    default Task crossEntropy(CrossEntropyCase crossEntropy, int threads) {
        return null;
    }

    /** An optimizer's step. */
    default Task adamW(AdamWCase adamW, int threads) {
        return null;
    }

    /** Lookup in a table, or its gradient. */
    default Task embedding(EmbeddingCase embedding, int threads) {
        return null;
    }

    /** A whole training step of a GPT. */
    default Task trainingStep(TrainingStepCase step, int threads) {
        return null;
    }
}
