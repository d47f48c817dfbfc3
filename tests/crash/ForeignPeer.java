import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;

/** A foreign node under test, as foreign_peer.py: ForeignPeer ADDRESS NAME BODY STEP... */
public final class ForeignPeer {
  private static final FileOutputStream output = new FileOutputStream(FileDescriptor.out);
  private static final CountDownLatch up = new CountDownLatch(1);
  private static final Map<Long, Long> counts = new HashMap<>();
  private static HoldfastNode node;

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

  private static Object failUntil(HoldfastNode.Call call) throws Exception {
    long n = call.integer(0), tried = counts.merge(n, 1L, Long::sum);
    say("try", n, call.attempt());
    if (tried < n)
      throw new IllegalStateException("not yet, дай время");
    return null;
  }

  private static Object dieOnce(HoldfastNode.Call call) throws Exception {
    if (call.attempt() == 1)
      new ProcessBuilder("sh", "-c", "kill -9 " + ProcessHandle.current().pid()).start().waitFor();
    say("survived", call.attempt());
    return null;
  }

  private static void serveAll() {
    node.serve("numbers.append", call -> {
      say("append", call.integer(1), call.attempt());
      return null;
    });
    node.serve("instants.touch", call -> {
      say("instant", call.integer(0));
      return null;
    });
    node.serve("py.add", call -> call.integer(0) + call.integer(1));
    node.serve("py.echo", call -> call.params.get(0));
    node.serve("py.fail_until", ForeignPeer::failUntil);
    node.serve("py.fail", call -> {
      say("fail", call.integer(0), call.attempt());
      throw new IllegalStateException("never");
    });
    node.serve("py.die_once", ForeignPeer::dieOnce);
  }

  private static void flood(int count) throws IOException {
    for (int n = 0; n < count; ++n)
      node.send("instants.touch", n);
    say("flooded", count);
  }

  private static void store(int count) throws Exception {
    List<CompletableFuture<Object>> answers = new ArrayList<>();
    for (int n = 0; n < count; ++n)
      answers.add(node.queueAs("store-" + n, Map.of(), "numbers.append", "py", n));
    for (CompletableFuture<Object> answer : answers)
      answer.get();
    say("stored", count);
  }

  private static void ask(String verb, String method, String json) throws Exception {
    Object[] params = ((List<?>) Json.read(json)).toArray();
    Object answer = null;
    try {
      switch (verb) {
        case "send" -> node.send(method, params);
        case "call" -> answer = node.call(method, params);
        case "queue" -> answer = node.queue(method, params);
        default -> throw new IllegalArgumentException("there is no step " + verb);
      }
      say(verb, method, Json.write(answer));
    } catch (HoldfastNode.Failed problem) {
      say(verb, method, "refused", problem.getMessage());
    }
  }

  public static void main(String[] arguments) throws Exception {
    node = new HoldfastNode(arguments[0], arguments[1], arguments[2], (isUp, why) -> {
      say(isUp ? "up" : "down " + why);
      if (isUp)
        up.countDown();
    });
    serveAll();
    node.start();
    up.await();
    var steps = new ArrayDeque<>(Arrays.asList(arguments).subList(3, arguments.length));
    while (!steps.isEmpty()) {
      String verb = steps.remove();
      switch (verb) {
        case "stop" -> node.stop();
        case "flood" -> flood(Integer.parseInt(steps.remove()));
        case "store" -> store(Integer.parseInt(steps.remove()));
        default -> ask(verb, steps.remove(), steps.remove());
      }
    }
    new CountDownLatch(1).await();  // until it is killed
  }

  private ForeignPeer() {}
}
