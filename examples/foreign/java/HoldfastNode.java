import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiConsumer;

/**
 * A foreign node of Holdfast in Java 17, with the JDK alone. The protocol is one page: docs/wire.md.
 *
 * <pre>
 * var node = new HoldfastNode("127.0.0.1:7200", "java", "json", (isUp, why) -> {});  // or "xml", or "mixed"
 * node.serve("java.add", call -> call.integer(0) + call.integer(1));  // for send, call and queue of any node
 * node.start();                                     // connects, and again whenever the connection is lost
 * node.send("log.append", "day", "a line");         // at most once
 * node.call("echo", List.of(1, 2.5, true));         // waits for the result
 * node.queue("beta/log.append", "day", "a line");   // on the gateway's disk when it returns
 * </pre>
 *
 * What a queued call for us does must bear to be done twice: its attempt() is above 1 when it may have run
 * before. A worker says before start which items it runs: node.runs("film.render", run -> ...), and how many at
 * once: node.work(slots, labels).
 */
public final class HoldfastNode {
  /** What the other side says: reason is `failed`, `unreachable`, `unknown`, `not_allowed` and so on. */
  @SuppressWarnings("serial")
  public static final class Failed extends Exception {
    public final String reason, text;

    public Failed(String reason, String text) {
      super(reason + ": " + text);
      this.reason = reason;
      this.text = text;
    }
  }

  public interface Method<Given> {
    Object run(Given given) throws Exception;
  }

  /** What a served method is given. */
  public static class Call {
    public final List<Object> params;
    public final Map<String, Object> options;

    @SuppressWarnings("unchecked")
    private Call(Object params, Object options) {
      this.params = (List<Object>) params;
      this.options = (Map<String, Object>) options;
    }

    public long integer(int i) {
      return (Long) params.get(i);
    }

    public String text(int i) {
      return (String) params.get(i);
    }

    /** Of a queued call and of an item, from 1; of all else 0. */
    public long attempt() {
      return (Long) options.getOrDefault("attempt", 0L);
    }
  }

  /** An item of the controller that we run. Its thread is interrupted when nobody wants it any more. */
  public final class Run extends Call {
    private final Object item, epoch;
    private volatile boolean isDropped;
    private Object[] checkpoint, ended;  // said again in the next session
    private final Thread thread = daemon(this::work);
    private final Method<Run> method;

    private Run(List<Object> given) {
      super(given.get(3), given.get(4));
      item = given.get(0);
      epoch = given.get(1);
      method = runs.get((String) given.get(2));
    }

    public boolean isDropped() {
      return isDropped;
    }

    /** What an earlier run left, or null. */
    public Object checkpoint() {
      return options.get("checkpoint");
    }

    /** For people; `part` of 1 is done. */
    public void progress(double part, String text) {
      trySay("holdfast.progress", item, epoch, part, text);
    }

    /** Kept for the next run. */
    public synchronized void checkpoint(Object value) {
      Object[] message = {item, epoch, value};
      trySay("holdfast.checkpoint", message);
      checkpoint = message;
    }

    private void work() {
      try {
        if (method == null)
          throw new Failed("refused", name + " runs no such method");
        Object value = method.run(this);
        end(isDropped ? "cancelled" : "done", isDropped ? "" : value);
      } catch (Failed problem) {
        boolean isKnown = List.of("refused", "handed_back", "cancelled").contains(problem.reason);
        end(isKnown ? problem.reason : "failed", problem.text);
      } catch (Throwable problem) {
        end(isDropped ? "cancelled" : "failed", textOf(problem));
      }
    }

    private synchronized void end(String how, Object value) {
      Object[] message = {item, epoch, how, value};
      trySay("holdfast.ended", message);  // throws when the value has no form on the wire
      ended = message;
    }

    private synchronized void again() {
      if (checkpoint != null)
        trySay("holdfast.checkpoint", checkpoint);
      if (ended != null)
        trySay("holdfast.ended", ended);
    }
  }

  /** What waits for its answer; the params of a queued call are said again in the next session. */
  private record Open(CompletableFuture<Object> answer, Object[] queued) {}

  private static final System.Logger log = System.getLogger("holdfast");
  private final String address, name, body;
  private final BiConsumer<Boolean, String> onChange;
  private final long start = new SecureRandom().nextLong(1, Long.MAX_VALUE);
  private final Map<String, Method<Call>> methods = new ConcurrentHashMap<>();
  private final Map<String, Method<Run>> runs = new ConcurrentHashMap<>();
  private final Map<Object, Open> open = Collections.synchronizedMap(new LinkedHashMap<>());
  private final Map<List<Object>, Run> held = new ConcurrentHashMap<>();
  private final AtomicLong numbers = new AtomicLong();
  private final ExecutorService serving = Executors.newSingleThreadExecutor(HoldfastNode::daemon);
  private final CountDownLatch stopped = new CountDownLatch(1);
  private final Object lock = new Object();  // of those below, and of what is written
  private OutputStream out;
  private long lostAt = System.nanoTime();
  private boolean isXml;
  private Map<String, Object> offer;
  private String token = "";

  /**
   * `onChange` hears of each connection and loss, and why we may not work, in the thread that reads: it may not wait
   * for answers.
   */
  public HoldfastNode(String address, String name, String body, BiConsumer<Boolean, String> onChange) {
    this.address = address;
    this.name = name;
    this.body = body;
    this.onChange = onChange;
    this.isXml = body.equals("xml");
  }

  public void useToken(String token) {
    this.token = token;
  }

  public void serve(String method, Method<Call> function) {
    methods.put(method, function);
  }

  public void runs(String method, Method<Run> function) {
    runs.put(method, function);
  }

  /** We take items of the gateway's controller; said again, it changes what we offer. */
  public void work(int slots, List<String> labels) {
    synchronized (lock) {
      offer = Map.of("slots", slots, "labels", labels, "methods", List.copyOf(runs.keySet()));
      if (out != null)
        trySay("holdfast.work", offer);
    }
  }

  public void start() {
    daemon(this::connect).start();
  }

  /** Says goodbye; what is queued and not answered is the program's to say again. */
  public void stop() {
    stopped.countDown();
    trySay("holdfast.bye");
  }

  public void send(String method, Object... params) throws IOException {
    say(method, params);
  }

  public Object call(String method, Object... params) throws Failed, IOException, InterruptedException {
    return callWithin(30, method, params);
  }

  public Object callWithin(double seconds, String method, Object... params)
      throws Failed, IOException, InterruptedException {
    long id = numbers.incrementAndGet();
    var answer = new CompletableFuture<Object>();
    open.put(id, new Open(answer, null));
    try {
      say("holdfast.call", id, method, Arrays.asList(params), Map.of("within", seconds));
      return answer.get((long) (seconds * 1000) + 5000, TimeUnit.MILLISECONDS);
    } catch (ExecutionException problem) {
      throw (Failed) problem.getCause();
    } catch (TimeoutException problem) {
      throw new Failed("unknown", method + " was not answered in " + seconds + " s");
    } finally {
      open.remove(id);
    }
  }

  /** Waits until it is stored, through lost connections. Its id. */
  public String queue(String method, Object... params) throws Failed, InterruptedException {
    try {
      return (String) queueAs(UUID.randomUUID().toString(), Map.of(), method, params).get();
    } catch (ExecutionException problem) {
      throw (Failed) problem.getCause();
    }
  }

  /** Does not wait. An id, at most 200 bytes, is never used for another call. */
  public CompletableFuture<Object> queueAs(String id, Map<String, Object> options, String method,
                                           Object... params) {
    Object[] message = {id, method, Arrays.asList(params), options};
    var answer = new CompletableFuture<Object>();
    open.put(id, new Open(answer, message));
    try {
      trySay("holdfast.queue", message);
    } catch (RuntimeException problem) {  // a value that has no form on the wire
      open.remove(id);
      throw problem;
    }
    return answer;
  }

  private void say(String method, Object... params) throws IOException {
    synchronized (lock) {
      byte[] frame = frame(method, params);
      if (out == null)
        throw new IOException("not connected to the gateway");
      out.write(frame);
    }
  }

  /** What is said again in the next session, or need not be. */
  private void trySay(String method, Object... params) {
    try {
      say(method, params);
    } catch (IOException lost) {
      log.log(System.Logger.Level.DEBUG, method + " was not said: " + lost.getMessage());
    }
  }

  private byte[] frame(String method, Object... params) {
    synchronized (lock) {
      isXml = body.equals("mixed") ? !isXml : isXml;
      return new Message(method, Arrays.asList(params)).frame(isXml);
    }
  }

  private void connect() {
    try {
      do {
        String why;
        try (Socket connection = new Socket()) {
          why = session(connection);
        } catch (IOException | RuntimeException problem) {
          why = textOf(problem);
        }
        lost(why);
      } while (!stopped.await(200, TimeUnit.MILLISECONDS));
    } catch (InterruptedException ended) {
      Thread.currentThread().interrupt();
    }
  }

  private void lost(String why) {
    synchronized (lock) {
      lostAt = out != null ? System.nanoTime() : lostAt;
      out = null;
    }
    double alone = (System.nanoTime() - lostAt) / 1e9;
    for (Run run : held.values())
      if (run.options.get("stop_alone") instanceof Number longest && alone >= longest.doubleValue())
        drop(run);
    for (Map.Entry<Object, Open> each : opened())
      if (each.getValue().queued() == null)
        refuse(each.getKey(), new Failed("unknown", "it may have run: " + why));
    onChange.accept(false, why);
  }

  private String session(Socket connection) throws IOException {
    int colon = address.lastIndexOf(':');
    int port = Integer.parseInt(address.substring(colon + 1));
    connection.connect(new InetSocketAddress(address.substring(0, colon), port), 10_000);
    connection.setTcpNoDelay(true);
    connection.setSoTimeout(10_000);  // until the welcome
    OutputStream stream = connection.getOutputStream();
    stream.write(frame("holdfast.hello", Map.of("name", name, "type", "java", "token", token, "start", start,
                                                "i8", true, "nil", true)));
    var in = new DataInputStream(new BufferedInputStream(connection.getInputStream()));
    while (true) {
      Message message = Message.read(in);
      List<Object> params = message.params();
      switch (message.method()) {
        case "holdfast.welcome" -> {
          connection.setSoTimeout(0);
          welcome(stream);
        }
        case "holdfast.refused" -> {
          return params.get(0) + ": " + params.get(1);
        }
        case "holdfast.result" -> answer(params.get(0), params.size() > 1 ? params.get(1) : null);
        case "holdfast.stored" -> answer(params.get(0), params.get(0));
        case "holdfast.failed" ->
            refuse(params.get(0), new Failed((String) params.get(1), (String) params.get(2)));
        case "holdfast.run" -> run(params);
        case "holdfast.drop" -> drop(held.get(params.subList(0, 2)));
        case "holdfast.heard" -> held.remove(params.subList(0, 2));
        default -> serving.execute(() -> serve(message.method(), params));
      }
    }
  }

  private void welcome(OutputStream stream) throws IOException {
    synchronized (lock) {  // nothing of our runs before holdfast.work
      out = stream;
      if (offer != null) {
        Map<String, Object> again = new LinkedHashMap<>(offer);
        again.put("held", new ArrayList<Object>(held.keySet()));
        say("holdfast.work", again);
      }
    }
    onChange.accept(true, "");
    List<Map.Entry<Object, Open>> unanswered = opened();
    daemon(() -> {  // beside the reading: the gateway may wait until it is heard
      held.values().forEach(Run::again);
      for (Map.Entry<Object, Open> each : unanswered)
        if (each.getValue().queued() != null && !each.getValue().answer().isDone())
          trySay("holdfast.queue", each.getValue().queued());
    }).start();
  }

  private List<Map.Entry<Object, Open>> opened() {
    synchronized (open) {
      return new ArrayList<>(open.entrySet());
    }
  }

  private void answer(Object id, Object value) {
    Open asked = open.remove(id);
    if (asked != null)
      asked.answer().complete(value);
  }

  private void refuse(Object id, Failed problem) {
    Open asked = open.remove(id);
    if (asked != null)
      asked.answer().completeExceptionally(problem);
    else if (id.equals("holdfast.work"))
      onChange.accept(true, problem.getMessage());  // we may not work here
  }

  private void run(List<Object> given) {
    Run run = new Run(given);
    if (held.putIfAbsent(List.of(run.item, run.epoch), run) == null)
      run.thread.start();
  }

  private static void drop(Run run) {
    if (run == null)
      return;
    run.isDropped = true;
    run.thread.interrupt();
  }

  private void serve(String verb, List<Object> given) {
    boolean isQueued = verb.equals("holdfast.queue"), isAsked = isQueued || verb.equals("holdfast.call");
    Object id = isAsked ? given.get(0) : null;
    String method = isAsked ? (String) given.get(1) : verb;
    try {
      Method<Call> function = methods.get(method);
      if (function == null)
        throw new Failed("unreachable", name + " serves no method " + method);
      Object value = function.run(isAsked ? new Call(given.get(2), given.size() > 3 ? given.get(3) : Map.of())
                                          : new Call(given, Map.of()));
      if (isAsked)
        trySay(isQueued ? "holdfast.executed" : "holdfast.result", id, value);
    } catch (Exception problem) {
      Failed why = problem instanceof Failed failed ? failed : new Failed("failed", textOf(problem));
      if (isAsked)
        trySay("holdfast.failed", id, why.reason, why.text);
      else
        log.log(System.Logger.Level.WARNING, method + ": " + why.getMessage());
    }
  }

  private static String textOf(Throwable problem) {
    return problem.getMessage() == null ? problem.toString() : problem.getMessage();
  }

  private static Thread daemon(Runnable loop) {
    Thread thread = new Thread(loop, "holdfast");
    thread.setDaemon(true);
    return thread;
  }
}
