package lanewise.kernels.cuda;

import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import lanewise.kernels.Tensor;

/**
 * The tensors of one call as views on the device. Those that live elsewhere are copied there, and what the call writes is copied back
 * when this is closed, which then waits for the device. Until then the memory of all of them is kept.
 */
final class Operands implements AutoCloseable {
    private record Staged(Tensor tensor, long address, boolean written) {
    }

    private final Device device;
    private final List<Tensor> resident = new ArrayList<>(8);
    private List<Staged> staged = List.of();
    /** Whether memory was missing, so that nothing was computed. */
    private boolean failed;

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
        long address = allocate(4L * values.length);
        keep(new Staged(null, address, false));
        device.upload(address, 4L * values.length, (buffer, from, count) -> buffer.asIntBuffer().put(values, (int) from / 4, count / 4));
        return address;
    }

    /** Several arrays of them, in one transfer. */
    long[] allInts(int[]... arrays) {
        int[] all = new int[Arrays.stream(arrays).mapToInt(array -> array.length).sum()];
        long[] addresses = new long[arrays.length];
        int at = 0;
        for (int i = 0; i < arrays.length; i++) {
            addresses[i] = 4L * at;
            System.arraycopy(arrays[i], 0, all, at, arrays[i].length);
            at += arrays[i].length;
        }
        long first = ints(all);
        Arrays.setAll(addresses, i -> first + addresses[i]);
        return addresses;
    }

    /** Integers of 8 bytes, likewise. */
    long longs(long[] values) {
        long address = allocate(8L * values.length);
        keep(new Staged(null, address, false));
        device.upload(address, 8L * values.length, (buffer, from, count) -> buffer.asLongBuffer().put(values, (int) from / 8, count / 8));
        return address;
    }

    /** Memory for the call itself, not set to anything. */
    long scratch(long bytes) {
        long address = allocate(bytes);
        keep(new Staged(null, address, false));
        return address;
    }

    private Operand view(Tensor tensor, boolean read, boolean written) {
        if (tensor == null) {
            return Operand.NONE;
        }
        int size = tensor.type().bytes();
        if (tensor.storage() instanceof DeviceStorage storage && storage.device() == device) {
            resident.add(tensor);
            return new Operand(storage.address() + (long) tensor.offset() * size, tensor.rowStride());
        }
        Staged one = new Staged(tensor, allocate((long) tensor.elements() * size), written);
        keep(one);
        if (read) {
            copy(one).copyFrom(tensor);
        }
        return new Operand(one.address, tensor.columns());
    }

    private long allocate(long bytes) {
        try {
            return device.allocate(Math.max(1, bytes));
        } catch (RuntimeException failure) {
            failed = true;
            throw failure;
        }
    }

    private Tensor copy(Staged one) {
        DeviceStorage storage = new DeviceStorage(device, one.tensor.type(), one.address, one.tensor.elements());
        return new Tensor(storage, 0, one.tensor.columns(), one.tensor.shape());
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
            if (one.written && !failed) {
                one.tensor.copyFrom(copy(one));
            }
            // The stream's order keeps it from being written before what still reads it is done.
            device.release(one.address);
        }
        Reference.reachabilityFence(resident);
    }
}
