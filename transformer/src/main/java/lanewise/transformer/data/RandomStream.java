package lanewise.transformer.data;

import java.util.SplittableRandom;

/** Random generators that are a pure function of a key, so that any batch can be drawn without drawing those before it. */
public final class RandomStream {
    private RandomStream() {
    }

    /**
     * The generator of a key.
     *
     * @param seed the run's seed
     * @param path what the numbers are for, such as a purpose and a serial number; different paths give unrelated streams
     */
    public static SplittableRandom at(long seed, long... path) {
        SplittableRandom stream = new SplittableRandom(seed);
        for (long part : path) {
            stream = new SplittableRandom(stream.nextLong() ^ part).split();
        }
        return stream;
    }
}
