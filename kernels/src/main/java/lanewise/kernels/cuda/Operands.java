package lanewise.kernels.cuda;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import lanewise.kernels.Tensor;

/**
 * The tensors of one call as views on the device. Those that live elsewhere are copied there, and what the call writes is copied back
 * when this is closed, which then waits for the device.
 */
final class Operands implements AutoCloseable {
    private record Staged(Tensor tensor, long address, boolean written) {
    }

    private final Device device;
    private List<Staged> staged = List.of();

    Operands(Device device) {
        this.device = device;
    }

    /** What the call reads; no tensor is allowed. */
    Operand in(Tensor tensor) {
        return view(tensor, true, false);
    }

    /** What the call writes without reading it. */
    Operand out(Tensor tensor) {
        return view(tensor, false, true);
    }

    Operand inOut(Tensor tensor) {
        return view(tensor, true, true);
    }

    /** Integers that the call reads; valid until the next calls on the device have been asked for. */
    long ints(int[] values) {
        long address = device.allocate(4L * Math.max(1, values.length));
        keep(new Staged(null, address, false));
        device.upload(address, 4L * values.length, (buffer, from, count) -> buffer.asIntBuffer().put(values, (int) from / 4, count / 4));
        return address;
    }

    /** Memory for the call itself, not set to anything. */
    long scratch(long bytes) {
        long address = device.allocate(Math.max(1, bytes));
        keep(new Staged(null, address, false));
        return address;
    }

    private Operand view(Tensor tensor, boolean read, boolean written) {
        if (tensor == null) {
            return Operand.NONE;
        }
        int size = DeviceStorage.bytes(tensor.type());
        if (tensor.storage() instanceof DeviceStorage storage && storage.device() == device) {
            return new Operand(storage.address() + (long) tensor.offset() * size, tensor.rowStride());
        }
        long address = device.allocate(Math.max(1, (long) tensor.elements() * size));
        keep(new Staged(tensor, address, written));
        if (read) {
            DeviceStorage storage = new DeviceStorage(device, tensor.type(), address, tensor.elements());
            new Tensor(storage, 0, tensor.columns(), tensor.shape()).copyFrom(tensor);
        }
        return new Operand(address, tensor.columns());
    }

    private void keep(Staged one) {
        if (staged.isEmpty()) {
            staged = new ArrayList<>();
        }
        staged.add(one);
    }

    @Override
    public void close() {
        for (Staged one : staged) {
            if (one.written) {
                DeviceStorage storage = new DeviceStorage(device, one.tensor.type(), one.address, one.tensor.elements());
                one.tensor.copyFrom(new Tensor(storage, 0, one.tensor.columns(), one.tensor.shape()));
            }
            // The stream's order keeps it from being written before what still reads it is done.
            device.release(one.address);
        }
    }
}
