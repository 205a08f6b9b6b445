package lanewise.kernels.cuda;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import lanewise.kernels.ElementType;
import lanewise.kernels.Tensor;
import org.junit.jupiter.api.Test;

class CudaSoftmaxTest {
    @Test
    void rowsSumToOne() throws Exception {
        try (Device device = HostRun.device()) {
            for (ElementType type : ElementType.values()) {
                Tensor x = device.zeros(type, 3, 300);
                x.copyFrom(new SplittableRandom(1).doubles(900, -4, 4).toArray());
                Tensor y = Tensor.zeros(type, 3, 300);
                new CudaSoftmax(device, type).forward(0.5, x, y);
                for (int row = 0; row < 3; row++) {
                    double sum = 0;
                    for (int c = 0; c < 300; c++) {
                        sum += y.get(row, c);
                    }
                    assertTrue(Math.abs(sum - 1) <= 1e-5, "sum " + sum);
                }
            }
        }
    }
}
