import java.nio.file.*;
import java.util.concurrent.*;
import java.util.stream.*;
public class Main {
    static long work(int n) { long s = 0; for (int i = 0; i < n; i++) s = (s + (long) i * i) % 1000003; return s; }
    public static void main(String[] a) throws Exception {
        long s = 0; for (int i = 0; i < 200; i++) s = work(20000);
        ExecutorService pool = Executors.newFixedThreadPool(4);
        int sum = pool.invokeAll(IntStream.range(0, 10).mapToObj(n -> (Callable<Integer>) () -> n).collect(Collectors.toList())).stream().mapToInt(f -> { try { return f.get(); } catch (Exception e) { return -99; } }).sum();
        pool.shutdown();
        Files.writeString(Path.of("/tmp/f"), "file");
        Process child = new ProcessBuilder("echo", "child").start();
        String out = new String(child.getInputStream().readAllBytes()).trim();
        System.gc();
        System.out.println(sum + " " + Files.readString(Path.of("/tmp/f")) + " " + out + " " + (s >= 0));
    }
}
