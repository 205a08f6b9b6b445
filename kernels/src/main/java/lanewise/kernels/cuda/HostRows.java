package lanewise.kernels.cuda;

import java.nio.ByteBuffer;
import lanewise.kernels.ElementType;
import lanewise.kernels.Tensor;

/** The elements of a tensor on the host, row by row without gaps, in and out of a buffer that the device reads or writes. */
final class HostRows {
    private HostRows() {
    }

    static boolean have(Tensor tensor) {
        return tensor.storage().hostArray() != null;
    }

    /** A run of elements that follow each other in both. */
    @FunctionalInterface
    private interface Run {
        void move(int at, int first, int count);
    }

    private static void runs(Tensor tensor, int first, int count, Run run) {
        int width = tensor.isContiguous() ? tensor.elements() : tensor.columns();
        for (int done = 0; done < count;) {
            int row = (first + done) / width;
            int column = (first + done) % width;
            int length = Math.min(width - column, count - done);
            run.move(tensor.offset() + row * tensor.rowStride() + column, done, length);
            done += length;
        }
    }

    /** The bits of the nearest bfloat16, ties to even; NaN stays NaN. */
    private static short narrowed(float value) {
        int bits = Float.floatToRawIntBits(value);
        return (short) (Float.isNaN(value) ? bits >>> 16 | 0x40 : bits + 0x7fff + (bits >>> 16 & 1) >>> 16);
    }

    /** Puts elements into a buffer, rounded to a type, from the element that stands {@code start} bytes from the first. */
    static void pack(Tensor source, ElementType type, ByteBuffer buffer, long start, int bytes) {
        int size = type.bytes();
        Object array = source.storage().hostArray();
        runs(source, (int) (start / size), bytes / size, (at, first, count) -> {
            if (type == ElementType.BFLOAT16) {
                for (int i = 0; i < count; i++) {
                    float value = array instanceof float[] floats ? floats[at + i] : (float) ((double[]) array)[at + i];
                    buffer.putShort((first + i) * size, narrowed(value));
                }
            } else if (type == ElementType.FLOAT32) {
                if (array instanceof float[] floats) {
                    buffer.asFloatBuffer().put(first, floats, at, count);
                } else {
                    double[] doubles = (double[]) array;
                    for (int i = 0; i < count; i++) {
                        buffer.putFloat((first + i) * size, (float) doubles[at + i]);
                    }
                }
            } else if (array instanceof double[] doubles) {
                buffer.asDoubleBuffer().put(first, doubles, at, count);
            } else {
                float[] floats = (float[]) array;
                for (int i = 0; i < count; i++) {
                    buffer.putDouble((first + i) * size, floats[at + i]);
                }
            }
        });
    }

    /** The reverse of {@link #pack}. */
    static void unpack(ByteBuffer buffer, ElementType type, Tensor target, long start, int bytes) {
        int size = type.bytes();
        Object array = target.storage().hostArray();
        runs(target, (int) (start / size), bytes / size, (at, first, count) -> {
            if (type == ElementType.BFLOAT16) {
                for (int i = 0; i < count; i++) {
                    float value = Float.intBitsToFloat(buffer.getShort((first + i) * size) << 16);
                    if (array instanceof float[] floats) {
                        floats[at + i] = value;
                    } else {
                        ((double[]) array)[at + i] = value;
                    }
                }
            } else if (type == ElementType.FLOAT32) {
                if (array instanceof float[] floats) {
                    buffer.asFloatBuffer().get(first, floats, at, count);
                } else {
                    double[] doubles = (double[]) array;
                    for (int i = 0; i < count; i++) {
                        doubles[at + i] = buffer.getFloat((first + i) * size);
                    }
                }
            } else if (array instanceof double[] doubles) {
                buffer.asDoubleBuffer().get(first, doubles, at, count);
            } else {
                float[] floats = (float[]) array;
                for (int i = 0; i < count; i++) {
                    floats[at + i] = (float) buffer.getDouble((first + i) * size);
                }
            }
        });
    }
}
