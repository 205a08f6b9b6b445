package lanewise.transformer.training;

import java.util.Arrays;

/**
 * Derivatives by recording every scalar operation and replaying them backwards: slow, and independent of any formula for a
 * layer's backward pass. Numbers are denoted by their index on the tape.
 */
final class Tape {
    private double[] value = new double[1 << 16];
    private double[] byLeft = new double[1 << 16];
    private double[] byRight = new double[1 << 16];
    private int[] left = new int[1 << 16];
    private int[] right = new int[1 << 16];
    private int size;

    double value(int x) {
        return value[x];
    }

    int constant(double number) {
        return record(number, 0, 0, 0, 0);
    }

    int[] constants(double[] numbers) {
        return Arrays.stream(numbers).mapToInt(this::constant).toArray();
    }

    int add(int x, int y) {
        return record(value[x] + value[y], x, 1, y, 1);
    }

    int subtract(int x, int y) {
        return record(value[x] - value[y], x, 1, y, -1);
    }

    int multiply(int x, int y) {
        return record(value[x] * value[y], x, value[y], y, value[x]);
    }

    int divide(int x, int y) {
        return record(value[x] / value[y], x, 1 / value[y], y, -value[x] / (value[y] * value[y]));
    }

    int exp(int x) {
        return record(Math.exp(value[x]), x, Math.exp(value[x]), 0, 0);
    }

    int log(int x) {
        return record(Math.log(value[x]), x, 1 / value[x], 0, 0);
    }

    int sqrt(int x) {
        return record(Math.sqrt(value[x]), x, 0.5 / Math.sqrt(value[x]), 0, 0);
    }

    int tanh(int x) {
        double t = Math.tanh(value[x]);
        return record(t, x, 1 - t * t, 0, 0);
    }

    /** Of every number on the tape, with respect to it, the derivative of x. */
    double[] gradient(int x) {
        double[] gradient = new double[size];
        gradient[x] = 1;
        for (int i = x; i >= 0; i--) {
            gradient[left[i]] += gradient[i] * byLeft[i];
            gradient[right[i]] += gradient[i] * byRight[i];
        }
        return gradient;
    }

    private int record(double result, int x, double byX, int y, double byY) {
        if (size == value.length) {
            value = Arrays.copyOf(value, 2 * size);
            byLeft = Arrays.copyOf(byLeft, 2 * size);
            byRight = Arrays.copyOf(byRight, 2 * size);
            left = Arrays.copyOf(left, 2 * size);
            right = Arrays.copyOf(right, 2 * size);
        }
        value[size] = result;
        left[size] = x;
        byLeft[size] = byX;
        right[size] = y;
        byRight[size] = byY;
        return size++;
    }
}
