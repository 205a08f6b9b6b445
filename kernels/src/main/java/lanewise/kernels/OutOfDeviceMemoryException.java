package lanewise.kernels;

/** A device has not as much memory as a tensor or an operation needs. What was there before is unharmed, and the device can be used on. */
public final class OutOfDeviceMemoryException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final long asked;
    private final long free;

    public OutOfDeviceMemoryException(String message, long asked, long free) {
        super(message);
        this.asked = asked;
        this.free = free;
    }

    /** Bytes that were asked for. */
    public long asked() {
        return asked;
    }

    /** Bytes that were free, though perhaps not in one piece. */
    public long free() {
        return free;
    }
}
