// A device for tests: takes orders from standard input and runs kernels on the host. Every order is a byte and its numbers, 8 bytes
// each in the host's order; every answer likewise. Memory ends at a guard of the address sanitizer.
#include "host_block.h"

#include <unistd.h>

namespace {

void take(void* to, size_t bytes) {
    if (bytes > 0 && fread(to, 1, bytes, stdin) != bytes) {
        exit(0);
    }
}

uint64_t number() {
    uint64_t value;
    take(&value, sizeof value);
    return value;
}

void answer(uint64_t value) {
    fwrite(&value, sizeof value, 1, stdout);
    fflush(stdout);
}

void* memory() { return reinterpret_cast<void*>(number()); }

std::string text() {
    std::string value(number(), ' ');
    take(&value[0], value.size());
    return value;
}

dim3 sizes() {
    dim3 value;
    value.x = number();
    value.y = number();
    value.z = number();
    return value;
}

}  // namespace

int main() {
    for (;;) {
        char order;
        take(&order, 1);
        if (order == 'a') {
            size_t bytes = number();
            void* at = aligned_alloc(256, (bytes + 255) / 256 * 256);
            // What is not written stays poison: large NaNs.
            memset(at, 0xff, bytes);
            answer(reinterpret_cast<uint64_t>(at));
        } else if (order == 'f') {
            free(memory());
        } else if (order == 'u') {
            void* to = memory();
            take(to, number());
        } else if (order == 'd') {
            void* from = memory();
            fwrite(from, 1, number(), stdout);
            fflush(stdout);
        } else if (order == 'c') {
            void* to = memory();
            void* from = memory();
            memcpy(to, from, number());
        } else if (order == '0') {
            void* at = memory();
            memset(at, 0, number());
        } else if (order == 'k') {
            answer(host::kernels().count(text()));
        } else if (order == 'l') {
            std::string name = text();
            dim3 grid = sizes();
            dim3 block;
            block.x = number();
            size_t shared = number();
            std::vector<uint64_t> arguments(number());
            take(arguments.data(), arguments.size() * 8);
            host::falling = !host::falling;
            host::Kernel& kernel = host::kernels().at(name);
            host::run_grid(grid, block, shared, [&] { kernel(arguments.data()); });
        } else {
            fprintf(stderr, "unknown order %d\n", order);
            return 1;
        }
    }
}
