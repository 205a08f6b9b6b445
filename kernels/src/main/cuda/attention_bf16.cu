// For what tensor cores do not take.
#include "attention_plain.cuh"

FORWARD(bf16, bf16, 64, 64)
GRADIENTS(bf16, bf16, 64, 64)
MEANS(bf16, bf16)
