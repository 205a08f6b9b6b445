package lanewise.kernels.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import lanewise.kernels.ElementType;
import lanewise.kernels.Tensor;

/** A device with its memory and its modules. Its operations may be called from any thread; they are done in the order of the calls. */
final class Device implements AutoCloseable {
    private static final int STAGING_BYTES = 1 << 20;

    /** Puts a part of some data into a buffer, or takes it out. */
    @FunctionalInterface
    interface Part {
        /** @param start bytes of the data before this part */
        void move(ByteBuffer buffer, long start, int bytes);
    }

    private final Driver driver;
    private final Map<String, Long> modules = new HashMap<>();
    private final Map<String, Long> functions = new HashMap<>();
    private final ByteBuffer staging;

    Device(Driver driver) {
        this.driver = driver;
        staging = driver.pinned(STAGING_BYTES);
    }

    Driver driver() {
        return driver;
    }

    /** The suffix of the kernels for a type. */
    static String suffix(ElementType type) {
        return type == ElementType.FLOAT32 ? "f32" : "f64";
    }

    /**
     * A launch of a kernel.
     *
     * @param file    its source, without the ending
     * @param kernel  its name
     * @param threads of a block, a multiple of 32
     */
    Launch kernel(String file, String kernel, int threads) {
        return kernel(file, kernel, threads, 0);
    }

    /** @param sharedBytes that a block takes beside what it declares */
    synchronized Launch kernel(String file, String kernel, int threads, int sharedBytes) {
        long function = functions.computeIfAbsent(kernel, name -> driver.function(modules.computeIfAbsent(file, this::load), name));
        return new Launch(this, function, threads, sharedBytes);
    }

    private long load(String file) {
        String name = file + ".ptx";
        try (InputStream in = Device.class.getResourceAsStream(name)) {
            return driver.load(file, in == null ? new byte[0] : in.readAllBytes());
        } catch (IOException failure) {
            throw new UncheckedIOException(name + " can't be read", failure);
        }
    }

    synchronized long allocate(long bytes) {
        long address = driver.allocate(bytes);
        if (address == 0) {
            throw new OutOfMemoryError("the device has no " + bytes + " bytes in one piece; " + driver.freeBytes() + " are free");
        }
        return address;
    }

    /** Gives memory back; what was asked for before may still use it. */
    synchronized void release(long address) {
        driver.free(address);
    }

    Tensor zeros(ElementType type, int... shape) {
        Tensor like = Tensor.zeros(type, shape);
        long bytes = Math.max(1, (long) like.elements() * DeviceStorage.bytes(type));
        long address = allocate(bytes);
        driver.clear(address, bytes);
        return new Tensor(new DeviceStorage(this, type, address, like.elements()), 0, like.columns(), shape);
    }

    synchronized void upload(long to, long bytes, Part fill) {
        for (long start = 0; start < bytes; start += STAGING_BYTES) {
            int part = (int) Math.min(STAGING_BYTES, bytes - start);
            fill.move(staging.clear(), start, part);
            driver.upload(to + start, staging, part);
            driver.synchronize();
        }
    }

    synchronized void download(long from, long bytes, Part take) {
        for (long start = 0; start < bytes; start += STAGING_BYTES) {
            int part = (int) Math.min(STAGING_BYTES, bytes - start);
            driver.download(staging, from + start, part);
            driver.synchronize();
            take.move(staging.clear(), start, part);
        }
    }

    @Override
    public synchronized void close() {
        driver.freePinned(staging);
        driver.close();
    }
}
