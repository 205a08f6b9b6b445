#include "attention_plain.cuh"

FORWARD(float, f32, 64, 16)
FORWARD(float, f32, 64, 32)
FORWARD(float, f32, 64, 64)
FORWARD(float, f32, 64, 128)
GRADIENTS(float, f32, 64, 16)
GRADIENTS(float, f32, 64, 32)
GRADIENTS(float, f32, 64, 64)
MEANS(float, f32)
