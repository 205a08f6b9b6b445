package lanewise.transformer.training;

import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Keeps a folder for one writer, by a lock on a file in it. The system gives the lock back when the process ends, however it
 * ends; so the file stays, and means nothing by itself.
 */
final class RunLock implements Closeable {
    static final String FILE = "lock";

    /**
     * The folders of this process. Without them, a second attempt would open the file again, and closing that would on many
     * systems give up the first one's lock.
     */
    private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

    private final Path folder;
    private final FileChannel channel;

    private RunLock(Path folder, FileChannel channel) {
        this.folder = folder;
        this.channel = channel;
    }

    /** @throws IOException if another run holds the folder, or if the file system has no locks */
    static RunLock of(Path folder) throws IOException {
        Path real = folder.toRealPath();
        if (!HELD.add(real)) {
            throw held(folder);
        }
        FileChannel channel = null;
        try {
            channel = FileChannel.open(real.resolve(FILE), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            if (channel.tryLock() == null) {
                throw held(folder);
            }
            return new RunLock(real, channel);
        } catch (IOException | OverlappingFileLockException failed) {
            HELD.remove(real);
            if (channel != null) {
                channel.close();
            }
            throw failed;
        }
    }

    private static IOException held(Path folder) {
        return new IOException("another run is writing to folder " + folder + "; wait for it, or choose another folder");
    }

    /** Gives the folder back. */
    @Override
    public void close() throws IOException {
        if (channel.isOpen()) {
            channel.close();
            HELD.remove(folder);
        }
    }
}
