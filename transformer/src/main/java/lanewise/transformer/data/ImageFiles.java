package lanewise.transformer.data;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Labelled images from the files in which they are usually kept.
 *
 * @param width    pixels a row
 * @param height   rows
 * @param channels values a pixel; channel after channel, as CIFAR-10 has them
 * @param classes  number of different labels
 * @param pixels   [images][channels height width], 0 to 255
 * @param labels   [images]
 */
public record ImageFiles(int width, int height, int channels, int classes, byte[][] pixels, byte[] labels) {
    private static final int IDX_IMAGES = 0x803;
    private static final int IDX_LABELS = 0x801;
    private static final int CIFAR_PIXELS = 3 * 32 * 32;

    /**
     * MNIST's training images: {@code train-images-idx3-ubyte} and {@code train-labels-idx1-ubyte}, not compressed.
     *
     * @throws IOException if a file is missing, or is not what its name says
     */
    public static ImageFiles mnistTraining(Path folder) throws IOException {
        return idx(folder, "train");
    }

    /** MNIST's test images: {@code t10k-images-idx3-ubyte} and {@code t10k-labels-idx1-ubyte}; likewise. */
    public static ImageFiles mnistTest(Path folder) throws IOException {
        return idx(folder, "t10k");
    }

    private static ImageFiles idx(Path folder, String part) throws IOException {
        Path imageFile = folder.resolve(part + "-images-idx3-ubyte");
        Path labelFile = folder.resolve(part + "-labels-idx1-ubyte");
        ByteBuffer images = read(imageFile);
        ByteBuffer labels = read(labelFile);
        int[] sizes = header(imageFile, images, IDX_IMAGES, 3);
        int count = header(labelFile, labels, IDX_LABELS, 1)[0];
        if (count != sizes[0]) {
            throw new IOException(labelFile + " has " + count + " labels; " + imageFile + " has " + sizes[0] + " images");
        }
        int size = Math.multiplyExact(sizes[1], sizes[2]);
        require(imageFile, images, (long) count * size);
        require(labelFile, labels, count);
        byte[][] pixels = new byte[count][size];
        byte[] classes = new byte[count];
        labels.get(classes);
        for (int i = 0; i < count; i++) {
            images.get(pixels[i]);
            label(labelFile, i, classes[i]);
        }
        return new ImageFiles(sizes[2], sizes[1], 1, 10, pixels, classes);
    }

    /** Reads the magic number and the sizes of an IDX file. */
    private static int[] header(Path file, ByteBuffer bytes, int magic, int dimensions) throws IOException {
        require(file, bytes, 4 + 4L * dimensions);
        int found = bytes.getInt();
        if (found != magic) {
            throw new IOException(file + " begins with " + Integer.toHexString(found) + "; an IDX file of its kind with "
                    + Integer.toHexString(magic) + ". Is it compressed?");
        }
        int[] sizes = new int[dimensions];
        for (int i = 0; i < dimensions; i++) {
            sizes[i] = bytes.getInt();
            if (sizes[i] < 1) {
                throw new IOException(file + " says that a dimension is " + sizes[i]);
            }
        }
        return sizes;
    }

    /** CIFAR-10's training images: {@code data_batch_1.bin} to {@code data_batch_5.bin} of its binary version. */
    public static ImageFiles cifar10Training(Path folder) throws IOException {
        return cifar10(folder, List.of("data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin",
                "data_batch_5.bin"));
    }

    /** CIFAR-10's test images: {@code test_batch.bin}. */
    public static ImageFiles cifar10Test(Path folder) throws IOException {
        return cifar10(folder, List.of("test_batch.bin"));
    }

    private static ImageFiles cifar10(Path folder, List<String> names) throws IOException {
        List<byte[]> pixels = new ArrayList<>();
        List<Byte> labels = new ArrayList<>();
        for (String name : names) {
            Path file = folder.resolve(name);
            ByteBuffer bytes = read(file);
            if (bytes.remaining() == 0 || bytes.remaining() % (1 + CIFAR_PIXELS) != 0) {
                throw new IOException(file + " has " + bytes.remaining() + " bytes; expected a multiple of " + (1 + CIFAR_PIXELS)
                        + ", a label and 32 x 32 pixels of three colours each");
            }
            while (bytes.hasRemaining()) {
                byte label = bytes.get();
                label(file, labels.size(), label);
                labels.add(label);
                byte[] image = new byte[CIFAR_PIXELS];
                bytes.get(image);
                pixels.add(image);
            }
        }
        byte[] classes = new byte[labels.size()];
        for (int i = 0; i < classes.length; i++) {
            classes[i] = labels.get(i);
        }
        return new ImageFiles(32, 32, 3, 10, pixels.toArray(byte[][]::new), classes);
    }

    private static ByteBuffer read(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new IOException(file + " does not exist");
        }
        return ByteBuffer.wrap(Files.readAllBytes(file));
    }

    private static void require(Path file, ByteBuffer bytes, long count) throws IOException {
        if (bytes.remaining() < count) {
            throw new IOException(file + " is cut off: " + bytes.remaining() + " bytes are left where " + count + " should be");
        }
    }

    private static void label(Path file, int index, byte label) throws IOException {
        if (label < 0 || label > 9) {
            throw new IOException(file + ": label " + index + " is " + (label & 0xff) + "; expected 0 to 9");
        }
    }

    /** The first images, or all if there are fewer. */
    public ImageFiles first(int count) {
        int kept = Math.min(count, count());
        return new ImageFiles(width, height, channels, classes, Arrays.copyOf(pixels, kept), Arrays.copyOf(labels, kept));
    }

    /** How many images there are. */
    public int count() {
        return pixels.length;
    }
}
