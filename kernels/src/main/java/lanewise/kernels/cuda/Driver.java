package lanewise.kernels.cuda;

import java.nio.ByteBuffer;

/**
 * The few calls that the kernels need of a GPU's driver, on one device and in one stream: what is asked for is done in that order, and
 * calls return before it is. May be called from any thread, by one at a time. Addresses are the device's; 0 is none.
 */
interface Driver extends AutoCloseable {
    /** Compute capability, major and minor in two digits: 90 for 9.0. */
    int capability();

    /** The CUDA that the driver is made for: 12040 for 12.4. */
    int version();

    int multiprocessors();

    /** Shared memory that a block may ask for, in bytes. */
    int sharedBytes();

    long freeBytes();

    /** At least so many bytes, on a boundary of 256; 0 if there are not as many. */
    long allocate(long bytes);

    void free(long address);

    /** Memory of the host that the device can copy from and to by itself, in the host's byte order. */
    ByteBuffer pinned(int bytes);

    void freePinned(ByteBuffer buffer);

    /** Copies the first bytes of pinned memory, which must stay as it is until the copy is done. */
    void upload(long to, ByteBuffer from, long bytes);

    /** Copies into the first bytes of pinned memory, which are valid once the copy is done. */
    void download(ByteBuffer to, long from, long bytes);

    /** Copies on the device. The two do not overlap. */
    void copy(long to, long from, long bytes);

    /** Sets bytes to 0. */
    void clear(long at, long bytes);

    /**
     * Loads a module.
     *
     * @param image its PTX; null if there is none of that name
     */
    long load(String name, byte[] image);

    /** A kernel of a module. */
    long function(long module, String name);

    /** @param arguments of 8 bytes each: addresses, integers, and the bits of doubles */
    void launch(long function, int gridX, int gridY, int gridZ, int threads, int sharedBytes, long[] arguments, int count);

    /** Marks the end of what was asked for up to now. */
    long mark();

    /** Waits until a mark is reached, and forgets it. */
    void await(long mark);

    /** Waits until all is done. */
    void synchronize();

    @Override
    void close();
}
