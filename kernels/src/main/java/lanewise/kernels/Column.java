package lanewise.kernels;

/**
 * One implementation of every family for one element type: a column of the grid. Its operations may assume that the
 * arguments were checked.
 */
public interface Column {
    Matmul matmul();

    Attention attention();

    Softmax softmax();

    Loss loss();

    Normalization normalization();

    Activations activations();

    Elementwise elementwise();

    Reduction reduction();

    Embedding embedding();

    Optimizer optimizer();
}
