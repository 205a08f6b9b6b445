package lanewise.transformer.cli;

import java.util.Locale;
import lanewise.kernels.ElementType;
import lanewise.kernels.Kernels;
import lanewise.transformer.models.GptConfig;

/** Refuses models that the heap can't hold, before any of it is taken. */
final class Memory {
    private Memory() {
    }

    /** Bytes that the tensors of some kernels may take of the heap; without a limit where they are on a device. */
    static long limit(Kernels kernels) {
        boolean inHeap = kernels.zeros(ElementType.FLOAT32, 1).storage().hostArray() != null;
        return inHeap ? Runtime.getRuntime().maxMemory() : Long.MAX_VALUE;
    }

    /**
     * Checks what is certain to be needed: parameters and gradients, the optimizer's state, and the keys and values of a
     * generated text. Activations come on top.
     *
     * @param type              of parameters, gradients and state
     * @param statePerParameter numbers that the optimizer keeps for each parameter; 0 to generate only
     * @param limit             bytes that the heap may have
     * @throws IllegalArgumentException if it is more than the limit
     */
    static void require(GptConfig model, ElementType type, int statePerParameter, long limit) {
        long parameters = model.parameterCount();
        long state = parameters * (2 + statePerParameter) * type.bytes();
        long cache = model.cacheElements() * type.bytes();
        if (state + cache > limit) {
            throw new IllegalArgumentException(String.format(Locale.ROOT,
                    "the model needs at least %,d MiB of memory: %,d MiB for %,d parameters in %s, their gradients and any "
                    + "state of an optimizer, and %,d MiB for the keys and values of its context of %,d; the heap is limited "
                    + "to %,d MiB. Raise that with LANEWISE_JAVA_OPTS=-Xmx%dg, or train a model with smaller --layers, "
                    + "--width or --context", mebibytes(state + cache), mebibytes(state), parameters,
                    Choice.word(type), mebibytes(cache), model.context(), limit >> 20,
                    Math.max(moreGibibytes(limit), (mebibytes(state + cache) >> 10) + 2)));
        }
    }

    /** A limit of the heap that is well above the given bytes. */
    static long moreGibibytes(long limit) {
        return Math.max(4, 2 * ((limit >> 30) + 1));
    }

    private static long mebibytes(long bytes) {
        return (bytes >> 20) + 1;
    }
}
