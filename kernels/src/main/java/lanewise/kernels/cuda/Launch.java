package lanewise.kernels.cuda;

/** A kernel with its grid and its arguments, in their order. Good for one call. */
final class Launch {
    static final int MOST_ARGUMENTS = 64;

    private final Device device;
    private final long function;
    private final int threads;
    private final int sharedBytes;
    private final long[] arguments = new long[MOST_ARGUMENTS];
    private int count;

    Launch(Device device, long function, int threads, int sharedBytes) {
        this.device = device;
        this.function = function;
        this.threads = threads;
        this.sharedBytes = sharedBytes;
    }

    /** A view: its address and its row stride. */
    Launch with(Operand view) {
        return with(view.address()).with(view.stride());
    }

    /** An address, an int or a long long. */
    Launch with(long value) {
        arguments[count++] = value;
        return this;
    }

    Launch with(double value) {
        return with(Double.doubleToRawLongBits(value));
    }

    Launch with(boolean value) {
        return with(value ? 1 : 0);
    }

    /** Runs it over a grid of blocks; over none, nothing happens. */
    void over(int x, int y, int z) {
        if (x > 0 && y > 0 && z > 0) {
            device.launch(function, x, y, z, threads, sharedBytes, arguments, count);
        }
    }

    void over(int blocks) {
        over(blocks, 1, 1);
    }
}
