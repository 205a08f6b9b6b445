package lanewise.kernels;

import java.util.Collection;
import java.util.stream.Collectors;

/**
 * The checks that the operations share. Each names the argument, what was given and what was expected; none allocates
 * unless it fails.
 */
final class Check {
    private Check() {
    }

    static void present(String name, Object argument) {
        if (argument == null) {
            throw new NullPointerException(name + " is null");
        }
    }

    static void atLeast(String name, int value, int least) {
        if (value < least) {
            throw new IllegalArgumentException(name + " is " + value + "; expected at least " + least);
        }
    }

    static void epsilon(double epsilon) {
        if (!(epsilon >= 0)) {
            throw new IllegalArgumentException("epsilon is " + epsilon + "; expected at least 0");
        }
    }

    static void sameType(String name, Tensor tensor, String otherName, Tensor other) {
        present(otherName, other);
        present(name, tensor);
        if (tensor.type() != other.type()) {
            throw new IllegalArgumentException(
                    name + " is " + tensor + "; expected the element type of " + otherName + ", " + other);
        }
    }

    /** The type in which elements of the other tensor are summed. */
    static void sumType(String name, Tensor tensor, String otherName, Tensor other) {
        present(otherName, other);
        present(name, tensor);
        ElementType sums = other.type().accumulator();
        if (sums == other.type()) {
            sameType(name, tensor, otherName, other);
        } else if (tensor.type() != sums) {
            throw new IllegalArgumentException(name + " is " + tensor + "; expected " + sums.word() + ", in which sums over " + otherName + ", "
                    + other + ", are taken");
        }
    }

    /** The names of some types. */
    static String names(Collection<ElementType> types) {
        return types.stream().map(ElementType::word).collect(Collectors.joining(" and "));
    }

    /** The same element type and, read as rows, the same shape. */
    static void like(String name, Tensor tensor, String otherName, Tensor other) {
        sameType(name, tensor, otherName, other);
        if (tensor.rows() != other.rows() || tensor.columns() != other.columns()) {
            throw new IllegalArgumentException(
                    name + " is " + tensor + "; expected the shape of " + otherName + ", " + other);
        }
    }

    /** One row of a given length. */
    static void vector(String name, Tensor tensor, int length, String axis, String otherName) {
        if (tensor.rows() != 1 || tensor.columns() != length) {
            throw new IllegalArgumentException(
                    name + " is " + tensor + "; expected [" + length + "], one for each " + axis + " of " + otherName);
        }
    }

    /** Read as rows, a matrix of these sizes; the meaning writes them as a formula. */
    static void matrix(String name, Tensor tensor, long rows, long columns, String meaning) {
        if (tensor.rows() != rows || tensor.columns() != columns) {
            throw new IllegalArgumentException(
                    name + " is " + tensor + "; expected [" + rows + ", " + columns + "], that is " + meaning);
        }
    }

    /** A block of rows that, repeated, covers the rows of x. */
    static void block(Tensor block, Tensor x) {
        boolean divides = block.rows() == 0 ? x.rows() == 0 : x.rows() % block.rows() == 0;
        if (block.columns() != x.columns() || !divides) {
            throw new IllegalArgumentException("block is " + block + "; expected " + x.columns()
                    + " columns and a number of rows that divides " + x.rows() + ", as x is " + x);
        }
    }

    /** One number for each row of a tensor, each 0 to count - 1. */
    static void indices(String name, int[] indices, int count, String meaning) {
        for (int i = 0; i < indices.length; i++) {
            if (indices[i] < 0 || indices[i] >= count) {
                throw outOfRange(name, indices, i, count, meaning);
            }
        }
    }

    static IllegalArgumentException outOfRange(String name, int[] indices, int i, int count, String meaning) {
        return new IllegalArgumentException(name + "[" + i + "] is " + indices[i] + "; expected 0 to " + (count - 1)
                + ", as there are " + count + " " + meaning);
    }

    /** An output that shares no element with the other tensor; either may be null. */
    static void apart(String name, Tensor output, String otherName, Tensor other) {
        if (output != null && other != null && output.overlaps(other)) {
            throw new IllegalArgumentException(name + ", " + output + ", overlaps " + otherName + ", " + other
                    + "; expected no element in common");
        }
    }

    /** An output that is exactly the other tensor, or shares no element with it; either may be null. */
    static void sameOrApart(String name, Tensor output, String otherName, Tensor other) {
        if (output != null && other != null && output.overlaps(other) && !output.sameView(other)) {
            throw new IllegalArgumentException(name + ", " + output + ", overlaps part of " + otherName + ", " + other
                    + "; expected the same elements or none in common");
        }
    }
}
