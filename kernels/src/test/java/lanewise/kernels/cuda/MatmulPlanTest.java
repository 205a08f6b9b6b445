package lanewise.kernels.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

/** Choices for a GPU with 132 multiprocessors. */
class MatmulPlanTest {
    private static final int MULTIPROCESSORS = 132;

    private static MatmulPlan plan(List<MatmulPlan.Tile> tiles, int batch, int m, int n, int k) {
        return MatmulPlan.choose(tiles, MULTIPROCESSORS, new MatmulPlan.Shape(batch, m, n, k, false, true));
    }

    @Test
    void largeProductsTakeTheLargestTile() {
        assertEquals(new MatmulPlan(MatmulPlan.FLOAT32.get(0), 1), plan(MatmulPlan.FLOAT32, 1, 4096, 4096, 4096));
        assertEquals(new MatmulPlan(MatmulPlan.FLOAT64.get(0), 1), plan(MatmulPlan.FLOAT64, 1, 4096, 4096, 4096));
        assertEquals(new MatmulPlan(MatmulPlan.BFLOAT16.get(0), 1), plan(MatmulPlan.BFLOAT16, 1, 8192, 8192, 8192));
        assertEquals(new MatmulPlan(MatmulPlan.BFLOAT16_90.get(0), 1), plan(MatmulPlan.BFLOAT16_90, 1, 8192, 8192, 8192));
    }

    @Test
    void thinProductsTakeThinTiles() {
        assertEquals(16, plan(MatmulPlan.FLOAT32, 1, 1, 8192, 8192).tile().rows());
        assertEquals(16, plan(MatmulPlan.FLOAT32, 1, 8192, 1, 8192).tile().columns());
    }

    @Test
    void blocksShareSumsWhereTilesAreFew() {
        for (List<MatmulPlan.Tile> tiles : List.of(MatmulPlan.FLOAT32, MatmulPlan.FLOAT64, MatmulPlan.TF32, MatmulPlan.BFLOAT16, MatmulPlan.BFLOAT16_90)) {
            MatmulPlan plan = plan(tiles, 1, 384, 1536, 16384);
            assertTrue(plan.parts() > 1, plan.toString());
            int blocks = plan.tile().blocks(new MatmulPlan.Shape(1, 384, 1536, 16384, false, false)) * plan.parts();
            assertTrue(blocks >= 0.9 * MULTIPROCESSORS, plan.toString());
            assertEquals(1, plan(tiles, 70_000, 8, 8, 4096).parts());
            assertEquals(1, plan(tiles, 1, 64, 64, 64).parts());
        }
    }
}
