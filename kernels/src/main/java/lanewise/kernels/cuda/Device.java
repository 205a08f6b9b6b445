package lanewise.kernels.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.ref.PhantomReference;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.zip.GZIPInputStream;
import lanewise.kernels.ElementType;
import lanewise.kernels.OutOfDeviceMemoryException;
import lanewise.kernels.Tensor;

/** A device with its memory and its modules. Its operations may be called from any thread; they are done in the order of the calls. */
final class Device implements AutoCloseable {
    /** How long the garbage collector is given to find tensors that nobody has any more. */
    private static final long COLLECTION_MILLISECONDS = 200;
    /** Whether to use only what runs on every GPU, to compare or to find an error. */
    private static final boolean PORTABLE = Boolean.getBoolean("lanewise.cuda.portable");
    /** CUDA 12.0: the first driver that knows what code for compute capability 9.0 alone is written in. */
    private static final int DRIVER_FOR_HOPPER = 12000;

    /** Memory of a tensor, to be given back when nobody has the tensor any more. */
    private static final class Owned extends PhantomReference<DeviceStorage> {
        final long address;

        Owned(DeviceStorage storage, ReferenceQueue<DeviceStorage> queue) {
            super(storage, queue);
            address = storage.address();
        }
    }

    private final Driver driver;
    private final DeviceMemory memory;
    private final Staging staging;
    private final Map<String, Long> modules = new HashMap<>();
    private final Map<String, Long> functions = new HashMap<>();
    private final Set<Owned> owned = new HashSet<>();
    private final ReferenceQueue<DeviceStorage> unreachable = new ReferenceQueue<>();
    private boolean closed;

    Device(Driver driver) {
        this(driver, true);
    }

    /** @param reuse whether memory is kept for reuse; if not, every block is the driver's own, whose bounds it may then check */
    Device(Driver driver, boolean reuse) {
        this.driver = driver;
        memory = new DeviceMemory(driver, reuse);
        staging = new Staging(driver);
    }

    Driver driver() {
        return driver;
    }

    private void checkOpen() {
        if (closed) {
            throw new IllegalStateException("the kernels of this device were closed, and with them the memory of their tensors");
        }
    }

    /** The suffix of the kernels for a type. */
    static String suffix(ElementType type) {
        return switch (type) {
            case FLOAT32 -> "f32";
            case FLOAT64 -> "f64";
            case BFLOAT16 -> "bf16";
        };
    }

    /** Whether a source's kernels run here: those in files that end in {@code _sm90} need compute capability 9.0 and CUDA 12.0. */
    boolean runs(String file) {
        return !file.endsWith("_sm90") || driver.capability() == 90 && driver.version() >= DRIVER_FOR_HOPPER && !PORTABLE;
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
        checkOpen();
        Long function = functions.get(kernel);
        if (function == null) {
            function = driver.function(modules.computeIfAbsent(file, this::load), kernel);
            functions.put(kernel, function);
        }
        return new Launch(this, function, threads, sharedBytes);
    }

    private long load(String file) {
        String name = file + ".ptx.gz";
        try (InputStream in = Device.class.getResourceAsStream(name)) {
            // A driver for tests does not need it.
            return driver.load(name, in == null ? null : new GZIPInputStream(in).readAllBytes());
        } catch (IOException failure) {
            throw new UncheckedIOException(name + " can't be read", failure);
        }
    }

    synchronized void launch(long function, int x, int y, int z, int threads, int sharedBytes, long[] arguments, int count) {
        checkOpen();
        driver.launch(function, x, y, z, threads, sharedBytes, arguments, count);
    }

    /**
     * Memory that is not set to anything. If there is none, what is kept for reuse and what unreachable tensors hold is given back first.
     *
     * @throws OutOfDeviceMemoryException if there is still none; the device remains usable
     */
    synchronized long allocate(long bytes) {
        checkOpen();
        releaseUnreachable();
        long address = memory.allocate(bytes);
        if (address == 0) {
            memory.trim();
            address = memory.allocate(bytes);
        }
        if (address == 0) {
            System.gc();
            awaitUnreachable();
            memory.trim();
            address = memory.allocate(bytes);
        }
        if (address == 0) {
            long free = driver.freeBytes();
            throw new OutOfDeviceMemoryException(String.format(Locale.ROOT,
                    "the device has no %s in one piece: %s are free, and %s in use by these kernels", inWords(bytes), inWords(free),
                    inWords(memory.usedBytes())), bytes, free);
        }
        return address;
    }

    private static String inWords(long bytes) {
        return bytes < 10 << 20 ? bytes + " bytes" : String.format(Locale.ROOT, "%.1f MiB", bytes / (double) (1 << 20));
    }

    private void releaseUnreachable() {
        for (Reference<?> found = unreachable.poll(); found != null; found = unreachable.poll()) {
            releaseOwned((Owned) found);
        }
    }

    private void awaitUnreachable() {
        try {
            for (Reference<?> found = unreachable.remove(COLLECTION_MILLISECONDS); found != null; found = unreachable.remove(COLLECTION_MILLISECONDS)) {
                releaseOwned((Owned) found);
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void releaseOwned(Owned found) {
        owned.remove(found);
        memory.release(found.address);
    }

    /** Gives memory back; what was asked for before may still use it. */
    synchronized void release(long address) {
        if (!closed) {
            memory.release(address);
        }
    }

    /** A tensor whose memory is given back when nobody has it or a view of it any more. */
    synchronized Tensor zeros(ElementType type, int... shape) {
        int columns = shape.length == 0 ? 0 : shape[shape.length - 1];
        int elements = Tensor.elements(shape);
        long bytes = Math.max(1, (long) elements * type.bytes());
        long address = allocate(bytes);
        driver.clear(address, bytes);
        DeviceStorage storage = new DeviceStorage(this, type, address, elements);
        owned.add(new Owned(storage, unreachable));
        return new Tensor(storage, 0, columns, shape);
    }

    /** Returns before the device has the data; what is asked of the device afterwards sees it. */
    synchronized void upload(long to, long bytes, Staging.Part fill) {
        checkOpen();
        staging.upload(to, bytes, fill);
    }

    /** Waits for what the device was asked for before. */
    synchronized void download(long from, long bytes, Staging.Part take) {
        checkOpen();
        staging.download(from, bytes, take);
    }

    /** Copies on the device. The two do not overlap. */
    synchronized void copy(long to, long from, long bytes) {
        checkOpen();
        driver.copy(to, from, bytes);
    }

    /** Sets bytes to 0. */
    synchronized void clear(long at, long bytes) {
        checkOpen();
        driver.clear(at, bytes);
    }

    /** Gives everything back, the memory of all tensors included. */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        try {
            driver.synchronize();
            memory.close();
            staging.close();
        } finally {
            driver.close();
        }
    }
}
