// Changes from one stack to another: what ucontext does, without its two system calls for each change.
#pragma once

#include <stdint.h>
#include <stdlib.h>
#include <ucontext.h>

namespace host {

#if defined(__x86_64__) && defined(__linux__)

extern "C" void host_switch(void** from, void* to);
asm(R"(
.pushsection .text
.weak host_switch
.hidden host_switch
.type host_switch, @function
host_switch:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
.size host_switch, . - host_switch
.popsection
)");

// A place in a program, to come back to.
struct Place {
    void* stack_pointer;

    // The beginning of a function that never returns, on a stack of its own.
    void begin(char* stack, size_t bytes, void (*function)()) {
        uintptr_t top = (reinterpret_cast<uintptr_t>(stack) + bytes) & ~uintptr_t(15);
        uint64_t* at = reinterpret_cast<uint64_t*>(top);
        *--at = 0;
        *--at = reinterpret_cast<uint64_t>(function);
        for (int saved = 0; saved < 6; saved++) {
            *--at = 0;
        }
        stack_pointer = at;
    }

    void change_to(Place& other) { host_switch(&stack_pointer, other.stack_pointer); }
};

#else

struct Place {
    ucontext_t context;

    void begin(char* stack, size_t bytes, void (*function)()) {
        getcontext(&context);
        context.uc_stack.ss_sp = stack;
        context.uc_stack.ss_size = bytes;
        context.uc_link = nullptr;
        makecontext(&context, function, 0);
    }

    void change_to(Place& other) { swapcontext(&context, &other.context); }
};

#endif

}  // namespace host
