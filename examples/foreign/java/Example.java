import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;

/**
 * A foreign node beside `holdfast node --name alpha --data DIR --foreign 127.0.0.1:7200
 * --foreign-allow 'log.*' --foreign-allow echo`: it keeps a log at alpha, and counts words for everybody in
 * the cluster.
 *
 * <pre>
 * javac -d classes *.java && java -cp classes Example
 * holdfast call java java.words "to be or not to be" --data DIR
 * </pre>
 */
public final class Example {
  public static void main(String[] arguments) throws Exception {
    var up = new CountDownLatch(1);
    String gateway = arguments.length > 0 ? arguments[0] : "127.0.0.1:7200";
    var node = new HoldfastNode(gateway, "java", "mixed", (isUp, why) -> {
      if (isUp)
        up.countDown();
      else
        System.out.println("down: " + why);
    });
    node.serve("java.words", call -> (long) call.text(0).strip().split("\\s+").length);
    node.start();
    up.await();
    System.out.println("echo: " + node.call("echo", Map.of("pages", 12, "name", "a.pdf")));
    node.queue("log.append", "visits", "java was here");  // on alpha's disk now, whatever happens
    System.out.println("log: " + node.call("log.read", "visits", 1, 100));
    new CountDownLatch(1).await();  // until it is stopped from outside
  }

  private Example() {}
}
