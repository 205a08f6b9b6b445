package lanewise.kernels.cuda;

import static jcuda.driver.JCudaDriver.*;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import jcuda.Pointer;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdevice_attribute;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUevent;
import jcuda.driver.CUevent_flags;
import jcuda.driver.CUfunction;
import jcuda.driver.CUfunction_attribute;
import jcuda.driver.CUmodule;
import jcuda.driver.CUresult;
import jcuda.driver.CUstream;
import jcuda.driver.CUstream_flags;

/**
 * NVIDIA's driver, through jcuda, which no other class names: this one can't be linked where jcuda is missing.
 *
 * <p>It uses the first visible device (CUDA_VISIBLE_DEVICES changes which) through its primary context, which it makes current on the
 * thread that calls and leaves so: the same that programs of the CUDA runtime use. Every call's result is checked; an error names the
 * call and CUDA's name of the error.
 */
final class JcudaDriver implements Driver {
    /** What the PTX in the resources asks for: PTX 7.0, which came with CUDA 11.0. */
    private static final int LEAST_VERSION = 11000;
    private static final int LEAST_CAPABILITY = 80;
    /** What a block may have of shared memory, with what its kernel declares, unless the kernel asks for more. */
    private static final int USUAL_SHARED_BYTES = 48 << 10;

    /** Memory of the host, whose address is known. */
    private static final class HostPointer extends Pointer {
        long address() {
            return getNativePointer();
        }
    }

    private static final class DevicePointer extends CUdeviceptr {
        long address() {
            return getNativePointer();
        }
    }

    private final CUdevice device;
    private final CUcontext context = new CUcontext();
    private final CUstream stream = new CUstream();
    private final List<CUmodule> modules = new ArrayList<>();
    private final List<CUfunction> functions = new ArrayList<>();
    private final List<String> names = new ArrayList<>();
    private final Map<Long, Integer> sharedBytesAllowed = new HashMap<>();
    private final List<CUevent> events = new ArrayList<>();
    private final Deque<Long> idleEvents = new ArrayDeque<>();
    private final Map<ByteBuffer, Pointer> pinned = new IdentityHashMap<>();
    /** The arguments of a launch and, behind them, their addresses. */
    private final ByteBuffer arguments;
    private final Pointer argumentAddresses;
    private boolean closed;

    /** Opens the first device. */
    JcudaDriver() {
        check("cuInit", cuInit(0));
        device = first();
        check("cuDevicePrimaryCtxRetain", cuDevicePrimaryCtxRetain(context, device));
        try {
            check("cuCtxSetCurrent", cuCtxSetCurrent(context));
            check("cuStreamCreate", cuStreamCreate(stream, CUstream_flags.CU_STREAM_NON_BLOCKING));
            HostPointer base = new HostPointer();
            arguments = pin(base, 2 * Launch.MOST_ARGUMENTS * Long.BYTES);
            argumentAddresses = base.withByteOffset(Launch.MOST_ARGUMENTS * Long.BYTES);
            for (int i = 0; i < Launch.MOST_ARGUMENTS; i++) {
                arguments.putLong((Launch.MOST_ARGUMENTS + i) * Long.BYTES, base.address() + i * Long.BYTES);
            }
        } catch (RuntimeException failure) {
            cuDevicePrimaryCtxRelease(device);
            throw failure;
        }
    }

    /** Why there is no device that these kernels can use, in words for a user; null if there is one. */
    static String whyNot() {
        int version = driverVersion();
        if (version < LEAST_VERSION) {
            return "the NVIDIA driver is too old: it is made for CUDA " + cuda(version) + "; expected " + cuda(LEAST_VERSION) + " or later";
        }
        int result = cuInit(0);
        int[] count = new int[1];
        if (result == CUresult.CUDA_SUCCESS) {
            result = cuDeviceGetCount(count);
        }
        if (result == CUresult.CUDA_ERROR_NO_DEVICE || result == CUresult.CUDA_SUCCESS && count[0] == 0) {
            String visible = System.getenv("CUDA_VISIBLE_DEVICES");
            return "the NVIDIA driver sees no device" + (visible == null ? "" : " (CUDA_VISIBLE_DEVICES is \"" + visible + "\")");
        }
        if (result != CUresult.CUDA_SUCCESS) {
            return "the NVIDIA driver does not start: " + inWords(result);
        }
        CUdevice first = first();
        int capability = capability(first);
        if (capability < LEAST_CAPABILITY) {
            return String.format(Locale.ROOT, "%s has compute capability %.1f; expected %.1f (Ampere) or later", name(first),
                    capability / 10.0, LEAST_CAPABILITY / 10.0);
        }
        return null;
    }

    /** The first device and the driver, in words for a user. Needs no context. */
    static String describeFirst() {
        check("cuInit", cuInit(0));
        CUdevice first = first();
        long[] bytes = new long[1];
        check("cuDeviceTotalMem", cuDeviceTotalMem(bytes, first));
        return String.format(Locale.ROOT, "%s, %.0f GiB, compute capability %.1f, driver for CUDA %s", name(first),
                bytes[0] / (double) (1 << 30), capability(first) / 10.0, cuda(driverVersion()));
    }

    private static int driverVersion() {
        int[] version = new int[1];
        check("cuDriverGetVersion", cuDriverGetVersion(version));
        return version[0];
    }

    private static CUdevice first() {
        CUdevice device = new CUdevice();
        check("cuDeviceGet", cuDeviceGet(device, 0));
        return device;
    }

    private static String name(CUdevice device) {
        byte[] name = new byte[256];
        check("cuDeviceGetName", cuDeviceGetName(name, name.length, device));
        int end = 0;
        while (end < name.length && name[end] != 0) {
            end++;
        }
        return new String(name, 0, end, StandardCharsets.UTF_8);
    }

    private static int attribute(CUdevice device, int attribute) {
        int[] value = new int[1];
        check("cuDeviceGetAttribute", cuDeviceGetAttribute(value, attribute, device));
        return value[0];
    }

    private static int capability(CUdevice device) {
        return 10 * attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR)
                + attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
    }

    private static String cuda(int version) {
        return version / 1000 + "." + version % 1000 / 10;
    }

    private static String inWords(int result) {
        String[] name = new String[1];
        String[] text = new String[1];
        cuGetErrorName(result, name);
        cuGetErrorString(result, text);
        return name[0] == null ? "error " + result : name[0] + (text[0] == null ? "" : " (" + text[0] + ")");
    }

    private static void check(String call, int result) {
        if (result != CUresult.CUDA_SUCCESS) {
            // What a kernel did wrong is reported by any later call.
            boolean late = result == CUresult.CUDA_ERROR_ILLEGAL_ADDRESS || result == CUresult.CUDA_ERROR_LAUNCH_TIMEOUT
                    || result >= CUresult.CUDA_ERROR_HARDWARE_STACK_ERROR && result <= CUresult.CUDA_ERROR_LAUNCH_FAILED;
            throw new IllegalStateException(call + " failed: " + inWords(result)
                    + (late ? "; a kernel did this, perhaps an earlier one: with CUDA_LAUNCH_BLOCKING=1 in the environment, its own launch fails" : ""));
        }
    }

    /** Any thread may call: the context is made that thread's own for the call. */
    private void enter() {
        if (closed) {
            throw new IllegalStateException("the device was closed");
        }
        check("cuCtxSetCurrent", cuCtxSetCurrent(context));
    }

    @Override
    public int capability() {
        return capability(device);
    }

    @Override
    public int version() {
        return driverVersion();
    }

    @Override
    public int multiprocessors() {
        return attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT);
    }

    @Override
    public int sharedBytes() {
        return attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN);
    }

    @Override
    public long freeBytes() {
        enter();
        long[] free = new long[1];
        check("cuMemGetInfo", cuMemGetInfo(free, new long[1]));
        return free[0];
    }

    @Override
    public long allocate(long bytes) {
        enter();
        DevicePointer pointer = new DevicePointer();
        int result = cuMemAlloc(pointer, bytes);
        if (result == CUresult.CUDA_ERROR_OUT_OF_MEMORY) {
            return 0;
        }
        check("cuMemAlloc", result);
        return pointer.address();
    }

    private static CUdeviceptr at(long address) {
        return new CUdeviceptr().withByteOffset(address);
    }

    @Override
    public void free(long address) {
        enter();
        check("cuMemFree", cuMemFree(at(address)));
    }

    @Override
    public ByteBuffer pinned(int bytes) {
        enter();
        return pin(new Pointer(), bytes);
    }

    private ByteBuffer pin(Pointer pointer, int bytes) {
        check("cuMemHostAlloc", cuMemHostAlloc(pointer, bytes, CU_MEMHOSTALLOC_PORTABLE));
        ByteBuffer buffer = pointer.getByteBuffer(0, bytes).order(ByteOrder.nativeOrder());
        pinned.put(buffer, pointer);
        return buffer;
    }

    @Override
    public void freePinned(ByteBuffer buffer) {
        enter();
        check("cuMemFreeHost", cuMemFreeHost(pinned.remove(buffer)));
    }

    @Override
    public void upload(long to, ByteBuffer from, long bytes) {
        enter();
        check("cuMemcpyHtoDAsync", cuMemcpyHtoDAsync(at(to), Pointer.to(from), bytes, stream));
    }

    @Override
    public void download(ByteBuffer to, long from, long bytes) {
        enter();
        check("cuMemcpyDtoHAsync", cuMemcpyDtoHAsync(Pointer.to(to), at(from), bytes, stream));
    }

    @Override
    public void copy(long to, long from, long bytes) {
        enter();
        check("cuMemcpyDtoDAsync", cuMemcpyDtoDAsync(at(to), at(from), bytes, stream));
    }

    @Override
    public void clear(long at, long bytes) {
        enter();
        check("cuMemsetD8Async", cuMemsetD8Async(at(at), (byte) 0, bytes, stream));
    }

    @Override
    public long load(String name, byte[] image) {
        enter();
        if (image == null) {
            throw new IllegalStateException(name + " is not among the resources of " + JcudaDriver.class.getPackageName());
        }
        CUmodule module = new CUmodule();
        // PTX is text that ends with a zero.
        check("cuModuleLoadData of " + name, cuModuleLoadData(module, Arrays.copyOf(image, image.length + 1)));
        modules.add(module);
        return modules.size() - 1;
    }

    @Override
    public long function(long module, String name) {
        enter();
        CUfunction function = new CUfunction();
        check("cuModuleGetFunction of " + name, cuModuleGetFunction(function, modules.get((int) module), name));
        int[] declared = new int[1];
        check("cuFuncGetAttribute", cuFuncGetAttribute(declared, CUfunction_attribute.CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES, function));
        functions.add(function);
        names.add(name);
        long number = functions.size() - 1;
        sharedBytesAllowed.put(number, USUAL_SHARED_BYTES - declared[0]);
        return number;
    }

    private static void set(CUfunction kernel, int attribute, int value) {
        check("cuFuncSetAttribute", cuFuncSetAttribute(kernel, attribute, value));
    }

    @Override
    public void launch(long function, int gridX, int gridY, int gridZ, int threads, int sharedBytes, long[] arguments, int count) {
        enter();
        CUfunction kernel = functions.get((int) function);
        if (sharedBytes > sharedBytesAllowed.get(function)) {
            set(kernel, CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, sharedBytes);
            // In per cent of what could be the cache's: as many blocks side by side as there can be.
            set(kernel, CUfunction_attribute.CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT, 100);
            sharedBytesAllowed.put(function, sharedBytes);
        }
        for (int i = 0; i < count; i++) {
            this.arguments.putLong(i * Long.BYTES, arguments[i]);
        }
        int result = cuLaunchKernel(kernel, gridX, gridY, gridZ, threads, 1, 1, sharedBytes, stream, argumentAddresses, null);
        if (result != CUresult.CUDA_SUCCESS) {
            check("cuLaunchKernel of " + names.get((int) function), result);
        }
    }

    @Override
    public long mark() {
        enter();
        Long mark = idleEvents.poll();
        if (mark == null) {
            CUevent event = new CUevent();
            check("cuEventCreate", cuEventCreate(event, CUevent_flags.CU_EVENT_DISABLE_TIMING));
            events.add(event);
            mark = (long) events.size();
        }
        check("cuEventRecord", cuEventRecord(events.get((int) (mark - 1)), stream));
        return mark;
    }

    @Override
    public void await(long mark) {
        enter();
        check("cuEventSynchronize", cuEventSynchronize(events.get((int) (mark - 1))));
        idleEvents.push(mark);
    }

    @Override
    public void synchronize() {
        enter();
        check("cuStreamSynchronize", cuStreamSynchronize(stream));
    }

    /** Waits for what was asked for, and gives back all but the memory: see {@link DeviceMemory#close}. All is given back even if a call fails. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        Closing closing = new Closing();
        // It, too, may report what went wrong on the device before.
        closing.note("cuCtxSetCurrent", cuCtxSetCurrent(context));
        closing.note("cuStreamSynchronize", cuStreamSynchronize(stream));
        events.forEach(event -> closing.note("cuEventDestroy", cuEventDestroy(event)));
        modules.forEach(module -> closing.note("cuModuleUnload", cuModuleUnload(module)));
        pinned.values().forEach(pointer -> closing.note("cuMemFreeHost", cuMemFreeHost(pointer)));
        closing.note("cuStreamDestroy", cuStreamDestroy(stream));
        closing.note("cuDevicePrimaryCtxRelease", cuDevicePrimaryCtxRelease(device));
        closing.end();
    }

    /** Goes on after a failure, and then reports the first. */
    private static final class Closing {
        private String failedCall;
        private int failure;

        void note(String call, int result) {
            if (result != CUresult.CUDA_SUCCESS && failedCall == null) {
                failedCall = call;
                failure = result;
            }
        }

        void end() {
            if (failedCall != null) {
                check(failedCall, failure);
            }
        }
    }
}
