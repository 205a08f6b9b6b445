package lanewise.transformer.instruments;

import java.util.Arrays;
import lanewise.kernels.Tensor;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.factory.DecompositionFactory_DDRM;
import org.ejml.interfaces.decomposition.EigenDecomposition_F64;
import org.ejml.interfaces.decomposition.SingularValueDecomposition_F64;

/**
 * The singular values of a matrix, or the eigenvalues of a symmetric one, computed in double by EJML. Each is right up to some
 * units of roundoff of the largest, so a condition number beyond about 1e15 only says that there is no more to see.
 *
 * @param values the largest first
 */
public record Spectrum(double[] values) {
    /**
     * The singular values of a matrix such as a layer's output, [batch length, width]: as many as its smaller side.
     *
     * @throws IllegalArgumentException if it has no element, or one that is not finite
     */
    public static Spectrum singularValues(Tensor matrix) {
        DMatrixRMaj copy = copy(matrix);
        SingularValueDecomposition_F64<DMatrixRMaj> decomposition = DecompositionFactory_DDRM.svd(copy.numRows, copy.numCols,
                false, false, true);
        if (!decomposition.decompose(copy)) {
            throw new IllegalStateException("the singular values of " + matrix + " did not converge");
        }
        return descending(decomposition.getSingularValues());
    }

    /**
     * The eigenvalues of a symmetric matrix, such as a tangent kernel.
     *
     * @throws IllegalArgumentException if it is not square, is empty, or has an element that is not finite
     */
    public static Spectrum eigenvalues(Tensor symmetric) {
        if (symmetric.rows() != symmetric.columns()) {
            throw new IllegalArgumentException("symmetric is " + symmetric + "; expected as many rows as columns");
        }
        DMatrixRMaj copy = copy(symmetric);
        EigenDecomposition_F64<DMatrixRMaj> decomposition = DecompositionFactory_DDRM.eig(copy.numRows, false, true);
        if (!decomposition.decompose(copy)) {
            throw new IllegalStateException("the eigenvalues of " + symmetric + " did not converge");
        }
        double[] values = new double[decomposition.getNumberOfEigenvalues()];
        for (int i = 0; i < values.length; i++) {
            values[i] = decomposition.getEigenvalue(i).getReal();
        }
        return descending(values);
    }

    private static DMatrixRMaj copy(Tensor matrix) {
        double[] elements = matrix.toArray();
        if (elements.length == 0) {
            throw new IllegalArgumentException("the matrix is " + matrix + "; expected at least one element");
        }
        for (int i = 0; i < elements.length; i++) {
            if (!Double.isFinite(elements[i])) {
                throw new IllegalArgumentException("element [" + i / matrix.columns() + ", " + i % matrix.columns() + "] of "
                        + matrix + " is " + elements[i] + "; expected finite numbers");
            }
        }
        return DMatrixRMaj.wrap(matrix.rows(), matrix.columns(), elements);
    }

    private static Spectrum descending(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        for (int i = 0, j = sorted.length - 1; i < j; i++, j--) {
            double swapped = sorted[i];
            sorted[i] = sorted[j];
            sorted[j] = swapped;
        }
        return new Spectrum(sorted);
    }

    /**
     * Without those that are 0 but for rounding, at most as many units of roundoff of the largest as there are values: what equal rows,
     * such as those of equal tokens, leave.
     */
    public Spectrum nonzero() {
        double least = values.length * Math.ulp(1.0) * Math.abs(values[0]);
        return new Spectrum(Arrays.stream(values).filter(value -> Math.abs(value) > least).toArray());
    }

    public double largest() {
        return values[0];
    }

    public double smallest() {
        return values[values.length - 1];
    }

    /** The largest by the smallest; infinite if the smallest is 0 (or, of eigenvalues, negative by rounding). */
    public double condition() {
        return smallest() > 0 ? largest() / smallest() : Double.POSITIVE_INFINITY;
    }
}
