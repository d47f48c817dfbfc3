import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;

/** A foreign worker under test, as foreign_worker.py: ForeignWorker ADDRESS NAME BODY SLOTS GATE. */
public final class ForeignWorker {
  private static final FileOutputStream output = new FileOutputStream(FileDescriptor.out);

  private static synchronized void say(Object... words) {
    List<String> line = new ArrayList<>();
    for (Object word : words)
      line.add(String.valueOf(word));
    try {
      output.write((String.join(" ", line) + "\n").getBytes(StandardCharsets.UTF_8));
    } catch (IOException nobodyReads) {
      Runtime.getRuntime().halt(1);
    }
  }

  private static Object held(HoldfastNode.Run run, String name, FileInputStream gate) throws IOException {
    say("begin", run.integer(0), run.attempt());
    run.progress(0.5, "half of " + name);
    gate.read();
    say("end", run.integer(0));
    return run.integer(0) * 2;
  }

  private static Object unwanted(HoldfastNode.Run run) {
    say("begin");
    try {
      new CountDownLatch(1).await();
    } catch (InterruptedException nobodyWantsIt) {
      say("dropped");
    }
    return null;
  }

  private static Object failUntil(HoldfastNode.Run run) {
    say("try", run.attempt(), Json.write(run.checkpoint()));
    boolean isFirst = run.attempt() == 1;
    run.checkpoint(isFirst ? new TreeMap<>(Map.of("attempt", run.attempt(), "raw", new byte[] {0, 1})) : "текст");
    if (run.attempt() < run.integer(0))
      throw new IllegalStateException("not yet");
    return run.checkpoint();
  }

  public static void main(String[] arguments) throws Exception {
    String name = arguments[1];
    var gate = new FileInputStream(arguments[4]);
    var node = new HoldfastNode(arguments[0], name, arguments[2], (isUp, why) -> say(isUp ? "up" : "down", why));
    node.runs("py.held", run -> held(run, name, gate));
    node.runs("py.unwanted", ForeignWorker::unwanted);
    node.runs("py.fail_until", ForeignWorker::failUntil);
    node.runs("py.echo", run -> run.params.get(0));
    node.runs("py.object", run -> new Object());
    node.runs("texts.make", run -> run.integer(0) < 100 ? "x".repeat((int) run.integer(0)) : run.integer(0));
    node.work(Integer.parseInt(arguments[3]), List.of("py"));
    Runtime.getRuntime().addShutdownHook(new Thread(node::stop));
    node.start();
    new CountDownLatch(1).await();  // until it is killed
  }

  private ForeignWorker() {}
}
