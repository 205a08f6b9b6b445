package lanewise.kernels.cuda;

import java.lang.ref.Reference;
import java.util.function.Consumer;
import lanewise.kernels.ElementType;
import lanewise.kernels.Storage;
import lanewise.kernels.Tensor;

/** Memory of a device. Reading waits for what was asked of the device before; writing does not. */
final class DeviceStorage implements Storage {
    private static final int THREADS = 256;

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
        copy(new Tensor(this, from, count, 1, count), Tensor.view(target, at, count, 1, count));
    }

    @Override
    public void write(int from, double[] source, int at, int count) {
        copy(Tensor.view(source, at, count, 1, count), new Tensor(this, from, count, 1, count));
    }

    @Override
    public boolean copy(Tensor source, Tensor target) {
        boolean known = true;
        if (source.elements() == 0 || source.sameView(target)) {
            return true;
        }
        if (on(source) && on(target)) {
            onDevice(source, target);
        } else if (on(target) && HostRows.have(source)) {
            upload(source, target);
        } else if (on(source) && HostRows.have(target)) {
            download(source, target);
        } else {
            known = false;
        }
        Reference.reachabilityFence(source);
        Reference.reachabilityFence(target);
        return known;
    }

    private boolean on(Tensor tensor) {
        return tensor.storage() instanceof DeviceStorage storage && storage.device == device;
    }

    private static long address(Tensor tensor) {
        return ((DeviceStorage) tensor.storage()).address + (long) tensor.offset() * tensor.type().bytes();
    }

    private static long byteCount(Tensor tensor) {
        return (long) tensor.elements() * tensor.type().bytes();
    }

    private void onDevice(Tensor source, Tensor target) {
        if (source.type() == target.type() && source.isContiguous() && target.isContiguous()) {
            device.copy(address(target), address(source), byteCount(source));
            return;
        }
        String kernel = "tensor_copy_" + Device.suffix(source.type()) + "_" + Device.suffix(target.type());
        device.kernel("tensor", kernel, THREADS).with(address(source)).with(source.rowStride()).with(address(target)).with(target.rowStride())
                .with(source.columns()).with((long) source.elements()).over(blocks(source));
    }

    private int blocks(Tensor tensor) {
        int enough = 16 * device.driver().multiprocessors();
        return Math.min(enough, (int) ((tensor.elements() + THREADS - 1L) / THREADS));
    }

    /** In one transfer; rows with gaps between them pass through memory of the device. */
    private void upload(Tensor source, Tensor target) {
        if (target.isContiguous()) {
            device.upload(address(target), byteCount(target),
                    (buffer, start, bytes) -> HostRows.pack(source, target.type(), buffer, start, bytes));
            return;
        }
        withPacked(target, packed -> {
            upload(source, packed);
            onDevice(packed, target);
        });
    }

    private void download(Tensor source, Tensor target) {
        if (source.isContiguous()) {
            device.download(address(source), byteCount(source),
                    (buffer, start, bytes) -> HostRows.unpack(buffer, source.type(), target, start, bytes));
            return;
        }
        withPacked(source, packed -> {
            onDevice(source, packed);
            download(packed, target);
        });
    }

    private void withPacked(Tensor like, Consumer<Tensor> use) {
        long memory = device.allocate(byteCount(like));
        try {
            DeviceStorage storage = new DeviceStorage(device, like.type(), memory, like.elements());
            use.accept(new Tensor(storage, 0, like.columns(), like.rows(), like.columns()));
        } finally {
            device.release(memory);
        }
    }

    @Override
    public boolean fill(Tensor target, double value) {
        if (Double.doubleToRawLongBits(value) == 0 && target.isContiguous()) {
            device.clear(address(target), byteCount(target));
        } else {
            device.kernel("tensor", "tensor_fill_" + Device.suffix(type), THREADS).with(address(target)).with(target.rowStride())
                    .with(target.columns()).with((long) target.elements()).with(value).over(blocks(target));
        }
        Reference.reachabilityFence(target);
        return true;
    }
}
