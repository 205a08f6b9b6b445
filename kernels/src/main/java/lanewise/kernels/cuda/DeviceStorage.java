package lanewise.kernels.cuda;

import java.nio.ByteBuffer;
import lanewise.kernels.ElementType;
import lanewise.kernels.Storage;

/** Memory of a device. Reading and writing wait for what was asked of the device before. */
final class DeviceStorage implements Storage {
    private final Device device;
    private final ElementType type;
    private final long address;
    private final int length;

    DeviceStorage(Device device, ElementType type, long address, int length) {
        this.device = device;
        this.type = type;
        this.address = address;
        this.length = length;
    }

    static int bytes(ElementType type) {
        return type == ElementType.FLOAT32 ? Float.BYTES : Double.BYTES;
    }

    Device device() {
        return device;
    }

    long address() {
        return address;
    }

    @Override
    public ElementType type() {
        return type;
    }

    @Override
    public int length() {
        return length;
    }

    @Override
    public void read(int from, double[] target, int at, int count) {
        int size = bytes(type);
        device.download(address + (long) from * size, (long) count * size, (buffer, start, bytes) -> {
            int first = at + (int) (start / size);
            for (int i = 0; i < bytes / size; i++) {
                target[first + i] = type == ElementType.FLOAT32 ? buffer.getFloat(i * size) : buffer.getDouble(i * size);
            }
        });
    }

    @Override
    public void write(int from, double[] source, int at, int count) {
        int size = bytes(type);
        device.upload(address + (long) from * size, (long) count * size, (buffer, start, bytes) -> {
            int first = at + (int) (start / size);
            for (int i = 0; i < bytes / size; i++) {
                put(buffer, i * size, source[first + i]);
            }
        });
    }

    private void put(ByteBuffer buffer, int at, double value) {
        if (type == ElementType.FLOAT32) {
            buffer.putFloat(at, (float) value);
        } else {
            buffer.putDouble(at, value);
        }
    }
}
