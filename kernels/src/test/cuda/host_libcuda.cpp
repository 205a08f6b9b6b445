// The calls of NVIDIA's driver that JcudaDriver makes, over memory of the host and kernels compiled for it: a libcuda.so.1 for tests.
// As strict as the driver where it matters: calls need a current context on their own thread, addresses and sizes are checked, and
// what is asked of the stream is done only when somebody waits for it, so that memory that is reused too early is noticed.
// The environment variable HOST_CUDA sets what it plays: "version=12040 devices=1 capability=90 memory=1000000 init=0".
#include "host_block.h"

#include <mutex>

using Result = int;
constexpr Result SUCCESS = 0, INVALID_VALUE = 1, OUT_OF_MEMORY = 2, NOT_INITIALIZED = 3, NO_DEVICE = 100, INVALID_IMAGE = 200, INVALID_CONTEXT = 201,
                 NOT_FOUND = 500;

namespace {

std::recursive_mutex guard;
bool initialized = false;
int retained = 0;
thread_local void* current_context = nullptr;
int the_context, the_stream;
std::vector<std::function<void()>> queue;
std::map<char*, size_t> device_memory;
std::map<char*, size_t> host_memory;
std::map<std::string, size_t> shared_allowed;
// What every kernel is said to declare of shared memory; it counts towards what a block may have.
constexpr int DECLARED_SHARED = 512;
int modules = 0, events = 0, streams = 0;

long setting(const char* name, long otherwise) {
    const char* all = getenv("HOST_CUDA");
    const char* found = all ? strstr(all, (std::string(name) + "=").c_str()) : nullptr;
    return found ? strtol(found + strlen(name) + 1, nullptr, 10) : otherwise;
}

size_t used() {
    size_t sum = 0;
    for (auto& block : device_memory) {
        sum += block.second;
    }
    return sum;
}

void drain() {
    for (size_t i = 0; i < queue.size(); i++) {
        queue[i]();
    }
    queue.clear();
}

bool within(const std::map<char*, size_t>& blocks, const void* at, size_t bytes) {
    auto next = blocks.upper_bound(static_cast<char*>(const_cast<void*>(at)));
    if (next == blocks.begin()) {
        return false;
    }
    --next;
    return static_cast<const char*>(at) + bytes <= next->first + next->second;
}

bool on_device(uint64_t at, size_t bytes) { return within(device_memory, reinterpret_cast<void*>(at), bytes); }

}  // namespace

#define NEED(condition, error) \
    if (!(condition)) return error;
#define ENTER                                         \
    std::lock_guard<std::recursive_mutex> hold(guard); \
    NEED(initialized, NOT_INITIALIZED)                \
    NEED(current_context == &the_context && retained > 0, INVALID_CONTEXT)
#define CUDA extern "C" __attribute__((visibility("default"))) Result

CUDA cuDriverGetVersion(int* version) {
    *version = static_cast<int>(setting("version", 12040));
    return SUCCESS;
}

CUDA cuInit(unsigned) {
    Result result = static_cast<Result>(setting("init", SUCCESS));
    initialized = result == SUCCESS;
    return result;
}

CUDA cuGetErrorName(Result error, const char** name) {
    switch (error) {
        case INVALID_VALUE: *name = "CUDA_ERROR_INVALID_VALUE"; break;
        case OUT_OF_MEMORY: *name = "CUDA_ERROR_OUT_OF_MEMORY"; break;
        case INVALID_CONTEXT: *name = "CUDA_ERROR_INVALID_CONTEXT"; break;
        case INVALID_IMAGE: *name = "CUDA_ERROR_INVALID_IMAGE"; break;
        case NOT_FOUND: *name = "CUDA_ERROR_NOT_FOUND"; break;
        case 803: *name = "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH"; break;
        default: *name = nullptr; return INVALID_VALUE;
    }
    return SUCCESS;
}

CUDA cuGetErrorString(Result, const char** text) {
    *text = "in words";
    return SUCCESS;
}

CUDA cuDeviceGetCount(int* count) {
    NEED(initialized, NOT_INITIALIZED)
    *count = static_cast<int>(setting("devices", 1));
    return SUCCESS;
}

CUDA cuDeviceGet(int* device, int ordinal) {
    NEED(initialized, NOT_INITIALIZED)
    *device = ordinal;
    return ordinal == 0 ? SUCCESS : INVALID_VALUE;
}

CUDA cuDeviceGetName(char* name, int length, int) {
    snprintf(name, length, "the host itself");
    return SUCCESS;
}

CUDA cuDeviceTotalMem_v2(size_t* bytes, int) {
    *bytes = setting("memory", 1L << 30);
    return SUCCESS;
}

CUDA cuDeviceGetAttribute(int* value, int attribute, int) {
    int capability = static_cast<int>(setting("capability", 80));
    switch (attribute) {
        case 75: *value = capability / 10; return SUCCESS;
        case 76: *value = capability % 10; return SUCCESS;
        case 16: *value = 4; return SUCCESS;
        case 97: *value = 99 << 10; return SUCCESS;
        default: return INVALID_VALUE;
    }
}

CUDA cuDevicePrimaryCtxRetain(void** context, int) {
    NEED(initialized, NOT_INITIALIZED)
    NEED(setting("context", 1), OUT_OF_MEMORY)
    retained++;
    *context = &the_context;
    return SUCCESS;
}

// Says what was not given back, to which a test listens.
CUDA cuDevicePrimaryCtxRelease_v2(int) {
    retained--;
    fprintf(stderr, "host libcuda: left behind: %zu blocks of the device, %zu of the host, %d modules, %d events, %d streams, %d contexts\n",
            device_memory.size(), host_memory.size(), modules, events, streams, retained);
    return SUCCESS;
}

CUDA cuCtxSetCurrent(void* context) {
    current_context = context;
    return SUCCESS;
}

CUDA cuMemGetInfo_v2(size_t* free, size_t* total) {
    ENTER
    *total = setting("memory", 1L << 30);
    *free = *total - used();
    return SUCCESS;
}

CUDA cuMemAlloc_v2(uint64_t* at, size_t bytes) {
    ENTER
    NEED(bytes > 0, INVALID_VALUE)
    NEED(used() + bytes <= static_cast<size_t>(setting("memory", 1L << 30)), OUT_OF_MEMORY)
    char* block = static_cast<char*>(aligned_alloc(256, (bytes + 255) / 256 * 256));
    memset(block, 0xff, bytes);
    device_memory[block] = bytes;
    *at = reinterpret_cast<uint64_t>(block);
    return SUCCESS;
}

CUDA cuMemFree_v2(uint64_t at) {
    ENTER
    drain();
    NEED(device_memory.erase(reinterpret_cast<char*>(at)), INVALID_VALUE)
    free(reinterpret_cast<void*>(at));
    return SUCCESS;
}

CUDA cuMemHostAlloc(void** at, size_t bytes, unsigned) {
    ENTER
    *at = malloc(bytes);
    host_memory[static_cast<char*>(*at)] = bytes;
    return SUCCESS;
}

CUDA cuMemFreeHost(void* at) {
    ENTER
    drain();
    NEED(host_memory.erase(static_cast<char*>(at)), INVALID_VALUE)
    free(at);
    return SUCCESS;
}

CUDA cuMemcpyHtoDAsync_v2(uint64_t to, const void* from, size_t bytes, void* stream) {
    ENTER
    NEED(stream == &the_stream && on_device(to, bytes) && within(host_memory, from, bytes), INVALID_VALUE)
    queue.push_back([=] { memcpy(reinterpret_cast<void*>(to), from, bytes); });
    return SUCCESS;
}

CUDA cuMemcpyDtoHAsync_v2(void* to, uint64_t from, size_t bytes, void* stream) {
    ENTER
    NEED(stream == &the_stream && on_device(from, bytes) && within(host_memory, to, bytes), INVALID_VALUE)
    queue.push_back([=] { memcpy(to, reinterpret_cast<void*>(from), bytes); });
    return SUCCESS;
}

CUDA cuMemcpyDtoDAsync_v2(uint64_t to, uint64_t from, size_t bytes, void* stream) {
    ENTER
    NEED(stream == &the_stream && on_device(from, bytes) && on_device(to, bytes), INVALID_VALUE)
    queue.push_back([=] { memcpy(reinterpret_cast<void*>(to), reinterpret_cast<void*>(from), bytes); });
    return SUCCESS;
}

CUDA cuMemsetD8Async(uint64_t at, unsigned char value, size_t bytes, void* stream) {
    ENTER
    NEED(stream == &the_stream && on_device(at, bytes), INVALID_VALUE)
    queue.push_back([=] { memset(reinterpret_cast<void*>(at), value, bytes); });
    return SUCCESS;
}

CUDA cuStreamCreate(void** stream, unsigned) {
    ENTER
    streams++;
    *stream = &the_stream;
    return SUCCESS;
}

CUDA cuStreamDestroy_v2(void* stream) {
    ENTER
    NEED(stream == &the_stream, INVALID_VALUE)
    streams--;
    return SUCCESS;
}

CUDA cuStreamSynchronize(void* stream) {
    ENTER
    NEED(stream == &the_stream, INVALID_VALUE)
    drain();
    return SUCCESS;
}

CUDA cuEventCreate(void** event, unsigned) {
    ENTER
    events++;
    *event = malloc(1);
    return SUCCESS;
}

CUDA cuEventDestroy_v2(void* event) {
    ENTER
    events--;
    free(event);
    return SUCCESS;
}

CUDA cuEventRecord(void*, void* stream) {
    ENTER
    NEED(stream == &the_stream, INVALID_VALUE)
    return SUCCESS;
}

CUDA cuEventSynchronize(void*) {
    ENTER
    drain();
    return SUCCESS;
}

CUDA cuModuleLoadData(void** module, const void* image) {
    ENTER
    const char* version = setting("capability", 80) == 90 && strstr(static_cast<const char*>(image), "sm_90a") ? ".version 8.0" : ".version 7.0";
    NEED(strncmp(static_cast<const char*>(image), "// sources ", 11) == 0 && strstr(static_cast<const char*>(image), version), INVALID_IMAGE)
    modules++;
    *module = malloc(1);
    return SUCCESS;
}

CUDA cuModuleUnload(void* module) {
    ENTER
    modules--;
    free(module);
    return SUCCESS;
}

CUDA cuModuleGetFunction(void** function, void*, const char* name) {
    ENTER
    auto found = host::kernels().find(name);
    NEED(found != host::kernels().end(), NOT_FOUND)
    *function = const_cast<std::string*>(&found->first);
    return SUCCESS;
}

CUDA cuFuncGetAttribute(int* value, int attribute, void*) {
    ENTER
    NEED(attribute == 1, INVALID_VALUE)
    *value = DECLARED_SHARED;
    return SUCCESS;
}

CUDA cuFuncSetAttribute(void* function, int attribute, int value) {
    ENTER
    if (attribute == 9) {
        NEED(value >= -1 && value <= 100, INVALID_VALUE)
        return SUCCESS;
    }
    NEED(attribute == 8 && value + DECLARED_SHARED <= (setting("capability", 80) == 90 ? 227 : 99) << 10, INVALID_VALUE)
    shared_allowed[*static_cast<std::string*>(function)] = value;
    return SUCCESS;
}

CUDA cuLaunchKernel(void* function, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, unsigned shared, void* stream,
                    void** parameters, void** extra) {
    ENTER
    const std::string& name = *static_cast<std::string*>(function);
    size_t allowed = shared_allowed.count(name) ? shared_allowed[name] : (48 << 10) - DECLARED_SHARED;
    NEED(stream == &the_stream && gx > 0 && gy > 0 && gz > 0 && bx > 0 && by == 1 && bz == 1 && shared <= allowed && !extra, INVALID_VALUE)
    host::Kernel& kernel = host::kernels().at(name);
    std::vector<uint64_t> arguments;
    for (int i = 0; i < 64; i++) {
        arguments.push_back(*static_cast<uint64_t*>(parameters[i]));
    }
    queue.push_back([=, &kernel] {
        host::falling = !host::falling;
        host::run_grid({gx, gy, gz}, {bx, 1, 1}, shared, [&] { kernel(arguments.data()); });
    });
    return SUCCESS;
}
