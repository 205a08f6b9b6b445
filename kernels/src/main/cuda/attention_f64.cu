#include "attention_plain.cuh"

FORWARD(double, f64, 32, 32)
FORWARD(double, f64, 32, 64)
GRADIENTS(double, f64, 32, 32)
GRADIENTS(double, f64, 32, 64)
MEANS(double, f64)
