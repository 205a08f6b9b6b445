package consumer;

import java.util.Arrays;
import lanewise.kernels.ElementType;
import lanewise.kernels.Kernels;
import lanewise.kernels.Tensor;

/**
 * A program that knows Lanewise as a user does: by its jar. Its arguments are the implementation that the flags of the
 * JVM should give, and words that the description must contain. Ends with status 1 if it is not so.
 */
public final class Consumer {
    private Consumer() {
    }

    public static void main(String[] arguments) {
        try (Kernels kernels = Kernels.best()) {
            System.out.println(kernels.describe());
            if (!kernels.implementation().equals(arguments[0])) {
                fail("active is " + kernels.implementation() + "; expected " + arguments[0]);
            }
            for (String words : Arrays.asList(arguments).subList(1, arguments.length)) {
                if (!kernels.describe().contains(words)) {
                    fail("the description lacks \"" + words + "\"");
                }
            }
            Tensor a = Tensor.wrap(new float[] {1, 2, 3, 4}, 2, 2);
            Tensor b = Tensor.wrap(new float[] {5, 6, 7, 8}, 2, 2);
            Tensor c = kernels.zeros(ElementType.FLOAT32, 2, 2);
            kernels.matmul().multiply(a, b, c);
            if (!Arrays.equals(c.toArray(), new double[] {19, 22, 43, 50})) {
                fail("the product is " + Arrays.toString(c.toArray()));
            }
            kernels.softmax().forward(1, c, c);
            for (int row = 0; row < 2; row++) {
                if (!(Math.abs(c.get(row, 0) + c.get(row, 1) - 1) < 1e-6)) {
                    fail("the softmax is " + Arrays.toString(c.toArray()));
                }
            }
        }
    }

    private static void fail(String what) {
        System.err.println("FAILED: " + what);
        System.exit(1);
    }
}
