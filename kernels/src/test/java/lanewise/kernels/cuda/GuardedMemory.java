package lanewise.kernels.cuda;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;

/**
 * A driver whose memory holds NaN of every type when it is allocated, with more of it beyond its end, which must still be there when it is
 * given back: so that what a kernel leaves unwritten, or writes too far, is found on a device as it is on the host.
 */
final class GuardedMemory implements InvocationHandler {
    private static final int GUARD = 4096;
    private static final int PIECE = 1 << 20;
    /** A NaN in bfloat16, float32 and float64; -1 as an integer. */
    private static final byte POISON = (byte) 0xff;

    private final Driver driver;
    private final ByteBuffer poison;
    private final ByteBuffer read;
    private final Map<Long, Long> bytes = new HashMap<>();

    private GuardedMemory(Driver driver) {
        this.driver = driver;
        poison = driver.pinned(PIECE);
        for (int i = 0; i < PIECE; i++) {
            poison.put(i, POISON);
        }
        read = driver.pinned(GUARD);
    }

    static Driver around(Driver driver) {
        return (Driver) Proxy.newProxyInstance(Driver.class.getClassLoader(), new Class<?>[] {Driver.class}, new GuardedMemory(driver));
    }

    @Override
    public Object invoke(Object proxy, Method method, Object[] arguments) throws Throwable {
        switch (method.getName()) {
            case "allocate":
                return allocate((long) arguments[0]);
            case "free":
                check((long) arguments[0]);
                break;
            case "close":
                driver.freePinned(poison);
                driver.freePinned(read);
                break;
            default:
        }
        try {
            return method.invoke(driver, arguments);
        } catch (InvocationTargetException failure) {
            throw failure.getCause();
        }
    }

    private long allocate(long wanted) {
        long all = wanted + GUARD;
        long address = driver.allocate(all);
        if (address != 0) {
            for (long done = 0; done < all; done += PIECE) {
                driver.upload(address + done, poison, Math.min(PIECE, all - done));
            }
            bytes.put(address, wanted);
        }
        return address;
    }

    private void check(long address) {
        Long end = bytes.remove(address);
        if (end == null) {
            throw new IllegalStateException("memory that was not allocated is given back");
        }
        driver.download(read, address + end, GUARD);
        driver.synchronize();
        for (int i = 0; i < GUARD; i++) {
            if (read.get(i) != POISON) {
                driver.free(address);
                throw new IllegalStateException("a kernel wrote byte " + (end + i) + " of a block of " + end);
            }
        }
    }
}
