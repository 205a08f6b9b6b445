package lanewise.transformer.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import lanewise.kernels.ElementType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Small files in the forms of MNIST and CIFAR-10. */
class ImageDataTest {
    /** Images of 4 x 2 pixels, of which pixel p of image i is 8 i + p. */
    private static void writeIdx(Path folder, String part, int count) throws IOException {
        ByteBuffer images = ByteBuffer.allocate(16 + 8 * count).putInt(0x803).putInt(count).putInt(2).putInt(4);
        ByteBuffer labels = ByteBuffer.allocate(8 + count).putInt(0x801).putInt(count);
        for (int i = 0; i < count; i++) {
            for (int p = 0; p < 8; p++) {
                images.put((byte) (8 * i + p));
            }
            labels.put((byte) (i % 10));
        }
        Files.write(folder.resolve(part + "-images-idx3-ubyte"), images.array());
        Files.write(folder.resolve(part + "-labels-idx1-ubyte"), labels.array());
    }

    @Test
    void idxFilesBecomePatches(@TempDir Path folder) throws IOException {
        writeIdx(folder, "train", 12);
        writeIdx(folder, "t10k", 3);
        ImageFiles training = ImageFiles.mnistTraining(folder);
        assertEquals(12, training.count());
        assertEquals(4, training.width());
        assertEquals(2, training.height());
        assertEquals(5, training.first(5).count());
        assertEquals(12, training.first(50).count());
        assertArrayEquals(new byte[] {8, 9, 10, 11, 12, 13, 14, 15}, training.pixels()[1]);
        PatchData data = new PatchData(training, ImageFiles.mnistTest(folder), 12, 2, 5, ElementType.FLOAT64, 1);
        assertEquals(2, data.length());
        assertEquals(4, data.patchWidth());
        ExampleBatch test = data.heldOut().get(0);
        assertEquals(3, test.batch());
        assertArrayEquals(new int[] {0, 1, 2}, test.classes());
        // Over the training images the pixels 0 to 95 have mean 47.5 and variance (96^2 - 1) / 12.
        double deviation = Math.sqrt((96.0 * 96 - 1) / 12);
        double[] second = {2, 3, 6, 7};
        for (int i = 0; i < 4; i++) {
            assertEquals((second[i] - 47.5) / deviation, test.inputs().get(1, i), 1e-12);
        }
    }

    @Test
    void anEpochTakesEachImageOnceAndBatchesDependOnTheSerialAlone(@TempDir Path folder) throws IOException {
        writeIdx(folder, "train", 10);
        ImageFiles images = ImageFiles.mnistTraining(folder);
        PatchData data = new PatchData(images, images, 10, 2, 5, ElementType.FLOAT32, 1);
        int[] first = data.trainingBatch(0).classes();
        int[] second = data.trainingBatch(1).classes();
        int[] all = Arrays.copyOf(first, 10);
        System.arraycopy(second, 0, all, 5, 5);
        Arrays.sort(all);
        assertArrayEquals(new int[] {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, all);
        data.trainingBatch(7);
        assertArrayEquals(first, data.trainingBatch(0).classes());
        assertArrayEquals(data.trainingBatch(3).inputs().toArray(),
                new PatchData(images, images, 10, 2, 5, ElementType.FLOAT32, 1).trainingBatch(3).inputs().toArray());
    }

    @Test
    void cifarHasThreeColours(@TempDir Path folder) throws IOException {
        byte[] record = new byte[3073];
        record[0] = 7;
        record[1 + 1024 + 33] = (byte) 200;
        Files.write(folder.resolve("test_batch.bin"), record);
        ImageFiles images = ImageFiles.cifar10Test(folder);
        assertEquals(1, images.count());
        assertEquals(7, images.labels()[0]);
        PatchData data = new PatchData(images, images, 1, 16, 1, ElementType.FLOAT64, 1);
        assertEquals(4, data.length());
        assertEquals(768, data.patchWidth());
        ExampleBatch batch = data.trainingBatch(0);
        // Green of row 1, column 1, in the first patch.
        assertTrue(batch.inputs().get(0, 256 + 17) > 0);
        assertTrue(batch.inputs().get(0, 256 + 18) < 0);
    }

    @Test
    void wrongFilesAreNamed(@TempDir Path folder) throws IOException {
        assertMessage("train-images-idx3-ubyte does not exist", folder);
        writeIdx(folder, "train", 4);
        Path images = folder.resolve("train-images-idx3-ubyte");
        byte[] good = Files.readAllBytes(images);
        Files.write(images, Arrays.copyOf(good, good.length - 1));
        assertMessage("is cut off", folder);
        good[3] = 8;
        Files.write(images, good);
        assertMessage("Is it compressed?", folder);
        writeIdx(folder, "train", 4);
        Path labels = folder.resolve("train-labels-idx1-ubyte");
        byte[] wrong = Files.readAllBytes(labels);
        wrong[wrong.length - 1] = 10;
        Files.write(labels, wrong);
        assertMessage("label 3 is 10", folder);
        Files.write(folder.resolve("test_batch.bin"), new byte[3074]);
        assertTrue(assertThrows(IOException.class, () -> ImageFiles.cifar10Test(folder)).getMessage().contains("3074 bytes"));
    }

    private static void assertMessage(String part, Path folder) {
        String message = assertThrows(IOException.class, () -> ImageFiles.mnistTraining(folder)).getMessage();
        assertTrue(message.contains(part), message);
    }
}
