package lanewise.kernels.cuda;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/** A device for tests: a process that runs the kernels' sources, as compiled for the host. */
final class HostDriver implements Driver {
    /** A system property: how much memory a device has. */
    private static final String BYTES = "lanewise.test.cuda.bytes";
    private static final AtomicLong WAITS = new AtomicLong();

    private final Process process;
    private final DataInputStream answers;
    private final DataOutputStream orders;
    private final ByteBuffer eight = ByteBuffer.allocate(8).order(ByteOrder.nativeOrder());
    private final List<String> functions = new ArrayList<>(List.of(""));
    private final Map<Long, Long> sizes = new HashMap<>();
    private long left = Long.getLong(BYTES, 1 << 30);

    HostDriver(Path program) throws IOException {
        process = new ProcessBuilder(program.toString()).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        answers = new DataInputStream(new BufferedInputStream(process.getInputStream()));
        orders = new DataOutputStream(new BufferedOutputStream(process.getOutputStream(), 1 << 16));
    }

    /** How often something was read from a device, which waits for what it was asked for before. */
    static long waits() {
        return WAITS.get();
    }

    private void order(char kind, long... numbers) throws IOException {
        orders.writeByte(kind);
        for (long number : numbers) {
            orders.write(eight.putLong(0, number).array());
        }
    }

    private void text(String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        orders.write(eight.putLong(0, bytes.length).array());
        orders.write(bytes);
    }

    private long answer() throws IOException {
        orders.flush();
        answers.readFully(eight.array());
        return eight.getLong(0);
    }

    private static UncheckedIOException broken(IOException failure) {
        return new UncheckedIOException("the host run ended" + (failure instanceof EOFException ? "; its reason is above" : ""), failure);
    }

    @Override
    public int capability() {
        return 80;
    }

    @Override
    public int version() {
        return 11000;
    }

    @Override
    public int multiprocessors() {
        return 4;
    }

    @Override
    public int sharedBytes() {
        return 99 << 10;
    }

    @Override
    public long freeBytes() {
        return left;
    }

    @Override
    public long allocate(long bytes) {
        if (bytes > left) {
            return 0;
        }
        try {
            order('a', bytes);
            long address = answer();
            left -= bytes;
            sizes.put(address, bytes);
            return address;
        } catch (IOException failure) {
            throw broken(failure);
        }
    }

    @Override
    public void free(long address) {
        try {
            order('f', address);
            left += sizes.remove(address);
        } catch (IOException failure) {
            throw broken(failure);
        }
    }

    @Override
    public ByteBuffer pinned(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.nativeOrder());
    }

    @Override
    public void freePinned(ByteBuffer buffer) {
        // The garbage collector does.
    }

    @Override
    public void upload(long to, ByteBuffer from, long bytes) {
        try {
            order('u', to, bytes);
            orders.write(from.array(), from.arrayOffset(), (int) bytes);
        } catch (IOException failure) {
            throw broken(failure);
        }
    }

    @Override
    public void download(ByteBuffer to, long from, long bytes) {
        try {
            WAITS.incrementAndGet();
            order('d', from, bytes);
            orders.flush();
            answers.readFully(to.array(), to.arrayOffset(), (int) bytes);
        } catch (IOException failure) {
            throw broken(failure);
        }
    }

    @Override
    public void copy(long to, long from, long bytes) {
        try {
            order('c', to, from, bytes);
        } catch (IOException failure) {
            throw broken(failure);
        }
    }

    @Override
    public void clear(long at, long bytes) {
        try {
            order('0', at, bytes);
        } catch (IOException failure) {
            throw broken(failure);
        }
    }

    @Override
    public long load(String name, byte[] image) {
        return 1;
    }

    @Override
    public long function(long module, String name) {
        try {
            order('k');
            text(name);
            if (answer() == 0) {
                throw new IllegalArgumentException("there is no kernel " + name);
            }
        } catch (IOException failure) {
            throw broken(failure);
        }
        functions.add(name);
        return functions.size() - 1;
    }

    @Override
    public void launch(long function, int gridX, int gridY, int gridZ, int threads, int sharedBytes, long[] arguments, int count) {
        String name = functions.get((int) function);
        // Hopper has more than what all have.
        if (sharedBytes > sharedBytes() && !name.contains("sm90")) {
            throw new IllegalArgumentException(name + " asks for " + sharedBytes + " bytes of shared memory; there are " + sharedBytes());
        }
        try {
            order('l');
            text(name);
            for (int number : new int[] {gridX, gridY, gridZ, threads, sharedBytes, count}) {
                orders.write(eight.putLong(0, number).array());
            }
            for (int i = 0; i < count; i++) {
                orders.write(eight.putLong(0, arguments[i]).array());
            }
        } catch (IOException failure) {
            throw broken(failure);
        }
    }

    @Override
    public long mark() {
        return 0;
    }

    @Override
    public void await(long mark) {
        synchronize();
    }

    @Override
    public void synchronize() {
        try {
            orders.flush();
        } catch (IOException failure) {
            throw broken(failure);
        }
    }

    @Override
    public void close() {
        process.destroy();
    }
}
