package lanewise.kernels;

/**
 * Working arrays that a thread keeps from call to call, so that operations allocate nothing once they are warm. Slots are
 * numbered; an array is as long as the longest request for its slot so far, its content arbitrary.
 */
public final class Scratch {
    private final float[][] floats = new float[8][];
    private final double[][] doubles = new double[8][];

    Scratch() {
    }

    /** The array of a slot, 0 to 7, with at least this many elements. */
    public float[] floats(int slot, int length) {
        float[] array = floats[slot];
        if (array == null || array.length < length) {
            array = new float[length];
            floats[slot] = array;
        }
        return array;
    }

    /** The array of a slot, 0 to 7, with at least this many elements. */
    public double[] doubles(int slot, int length) {
        double[] array = doubles[slot];
        if (array == null || array.length < length) {
            array = new double[length];
            doubles[slot] = array;
        }
        return array;
    }
}
