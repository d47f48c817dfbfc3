"""A foreign node of Holdfast in Python, with the standard library alone. The protocol is one page: docs/wire.md.

    node = Node("127.0.0.1:7200", "py", body="json")       # or "xml", or "mixed": each message in the other one
    node.serve("py.add", lambda a, b: a + b)                # for send, call and queue of any node
    node.start()                                            # connects, and again whenever the connection is lost
    node.send("log.append", "day", "a line")                # at most once
    node.call("echo", [1, 2.5, b"bytes"])                   # waits for the result; raises Failed
    node.queue("beta/log.append", "day", "a line")          # on the gateway's disk when it returns
    node.work("pages.render", render, slots=2)              # items of the gateway's controller: render(run, *arguments)

What a queued call for us does must bear to be done twice: `node.current["attempt"]` is above 1 when it may have run before.
"""
import base64, datetime, itertools, json, queue, random, socket, struct, threading, time, uuid, xmlrpc.client
from concurrent.futures import Future


class Failed(Exception):
    """What the other side says: reason is `failed`, `unreachable`, `unknown`, `not_allowed` and so on."""

    def __init__(self, reason, text):
        super().__init__(f"{reason}: {text}")
        self.reason, self.text = reason, text


def tagged(thing):
    if isinstance(thing, (bytes, bytearray)):
        return {"$bytes": base64.b64encode(thing).decode()}
    if isinstance(thing, datetime.datetime):
        return {"$date": thing.strftime("%Y-%m-%dT%H:%M:%S.%fZ")}
    raise TypeError(f"{type(thing).__name__} has no JSON form")


def untagged(given):
    if len(given) == 1 and "$bytes" in given:
        return base64.b64decode(given["$bytes"])
    if len(given) == 1 and "$date" in given:
        return datetime.datetime.fromisoformat(given["$date"].replace("Z", "+00:00"))
    return given


def encode(method, params, body):
    if body == "json":
        text = json.dumps({"method": method, "params": list(params)}, default=tagged).encode()
    else:
        text = xmlrpc.client.dumps(tuple(params), method, allow_none=True).encode()
    return struct.pack(">I", len(text)) + text


def decode(text):
    if text[:1] == b"{":
        message = json.loads(text, object_hook=untagged)
        return message["method"], message.get("params", [])
    params, method = xmlrpc.client.loads(text, use_builtin_types=True)
    return method, list(params)


def whole(stream, size):
    text = stream.read(size)
    if len(text) < size:
        raise ConnectionError("the gateway closed the connection")
    return text


class Run:
    """A run of a work item. What is saved here is `checkpoint` in the next run, if this one does not come to its end."""

    def __init__(self, node, item, epoch, options):
        self.node, self.item, self.epoch, self.options = node, item, epoch, options
        self.attempt, self.checkpoint = options["attempt"], options.get("checkpoint")
        self.dropped, self.saved, self.end = threading.Event(), [], []

    def is_cancelled(self):
        return self.dropped.is_set()

    def progress(self, part, text=""):
        self.node._tell("holdfast.progress", self.item, self.epoch, float(part), text)

    def save(self, value):
        self.node._tell("holdfast.checkpoint", self.item, self.epoch, value)
        self.saved = [value]


class Node:
    def __init__(self, address, name, token="", body="json", on_change=lambda is_up, why: None):
        host, _, port = address.rpartition(":")
        self.address, self.name, self.token, self.on_change = (host, int(port)), name, token, on_change
        self.bodies = itertools.cycle(("xml", "json") if body == "mixed" else (body,))
        self.methods, self.calls, self.queued, self.numbers = {}, {}, {}, itertools.count(1)
        self.socket, self.lock, self.asked, self.current = None, threading.Lock(), queue.Queue(), {}
        self.stopped, self.number = threading.Event(), random.SystemRandom().randrange(1, 1 << 31)
        self.offer, self.functions, self.runs = {"slots": 1, "labels": []}, {}, {}

    def serve(self, method, function):
        self.methods[method] = function

    def work(self, method, function, **offer):
        """Runs `function(run, *arguments)` for the items of a method, each on a thread of its own. Offer: slots, labels."""
        self.functions[method] = function
        self.offer.update(offer)
        self._offer()

    def start(self):
        for loop in (self._connect, self._serve):
            threading.Thread(target=loop, daemon=True).start()

    def stop(self):
        """Says goodbye: work goes back at once; what is queued and not answered is the program's to say again."""
        self.stopped.set()
        self._say("holdfast.bye")

    def send(self, method, *params):
        self._say(method, *params)

    def call(self, method, *params, timeout=30):
        number, answer = next(self.numbers), Future()
        self.calls[number] = answer
        try:
            self._say("holdfast.call", number, method, list(params), {"within": float(timeout)})
            return answer.result(timeout + 5)
        finally:
            self.calls.pop(number, None)

    def queue(self, method, *params, id=None, wait=True, **options):
        """Waits until it is stored, through lost connections; with wait=False returns a Future."""
        id, answer = id or uuid.uuid4().hex, Future()
        self.queued[id] = (answer, [id, method, list(params), options])
        self._tell("holdfast.queue", *self.queued[id][1])
        return answer.result() if wait else answer

    def _say(self, method, *params):
        with self.lock:
            if not self.socket:
                raise ConnectionError("not connected to the gateway")
            self.socket.sendall(encode(method, params, next(self.bodies)))

    def _tell(self, *message):
        """For what is said again when there is a connection, or is not worth it."""
        try:
            self._say(*message)
        except OSError:
            pass

    def _connect(self):
        lost = time.monotonic()
        while not self.stopped.is_set():
            try:
                with socket.create_connection(self.address, timeout=10) as connection:
                    why = self._session(connection, connection.makefile("rb"))
            except OSError as problem:
                why = str(problem)
            with self.lock:
                lost, self.socket = time.monotonic() if self.socket else lost, None
            for run in list(self.runs.values()):
                if time.monotonic() - lost >= run.options.get("stop_alone", float("inf")):
                    run.dropped.set()
            for number in list(self.calls):
                self._answer(self.calls, number).set_exception(Failed("unknown", f"it may have run: {why}"))
            self.on_change(False, why)
            self.stopped.wait(0.2)

    def _session(self, connection, stream):
        hello = {"name": self.name, "type": "python", "token": self.token, "start": self.number, "i8": True, "nil": True}
        connection.sendall(encode("holdfast.hello", [hello], next(self.bodies)))
        while True:
            (length,) = struct.unpack(">I", whole(stream, 4))
            method, params = decode(whole(stream, length))
            if method == "holdfast.welcome":
                connection.settimeout(None)
                with self.lock:
                    self.socket = connection
                self.on_change(True, "")
                threading.Thread(target=self._repeat, daemon=True).start()
            elif method == "holdfast.refused":
                return ": ".join(params)
            elif method == "holdfast.result":
                self._answer(self.calls, params[0]).set_result(params[1] if len(params) > 1 else None)
            elif method == "holdfast.stored":
                self._answer(self.queued, params[0]).set_result(params[0])
            elif method == "holdfast.run":
                self._run(*params)
            elif method == "holdfast.drop" and tuple(params) in self.runs:
                self.runs[tuple(params)].dropped.set()
            elif method == "holdfast.heard":
                self.runs.pop(tuple(params), None)
            elif method == "holdfast.failed" and params[0] == "holdfast.work":
                self.on_change(True, ": ".join(params[1:]))
            elif method == "holdfast.failed":
                table = self.calls if isinstance(params[0], int) else self.queued
                self._answer(table, params[0]).set_exception(Failed(*params[1:3]))
            elif method != "holdfast.drop":
                self.asked.put((method, params))

    def _repeat(self):
        self._offer()
        for run in list(self.runs.values()):
            if run.saved:
                run.save(*run.saved)
            if run.end:
                self._tell("holdfast.ended", run.item, run.epoch, *run.end)
        for answer, message in list(self.queued.values()):
            self._tell("holdfast.queue", *message)

    def _offer(self):
        if self.functions:
            offer = {"methods": list(self.functions), "held": [list(key) for key in list(self.runs)], **self.offer}
            self._tell("holdfast.work", offer)

    def _run(self, item, epoch, method, params, options):
        def ended(*end):
            run.end = end
            self._tell("holdfast.ended", item, epoch, *end)

        def work():
            try:
                result = self.functions[method](run, *params, **options.get("named", {}))
                ended("cancelled", "") if run.is_cancelled() else ended("done", result)
            except Exception as problem:  # the function's, or its result has no form on the wire
                ended("failed", f"{type(problem).__name__}: {problem}")

        if (item, epoch) not in self.runs:
            run = self.runs[item, epoch] = Run(self, item, epoch, options)
            threading.Thread(target=work, daemon=True).start()

    def _answer(self, table, id):
        found = table.pop(id, Future())
        return found[0] if isinstance(found, tuple) else found

    def _serve(self):
        while True:
            method, params = self.asked.get()
            id, verb, self.current = None, method, {}
            if verb in ("holdfast.call", "holdfast.queue"):
                id, method, params, self.current = (*params, {})[:4]
            try:
                if method not in self.methods:
                    raise Failed("unreachable", f"{self.name} serves no method {method}")
                answer = ["holdfast.executed" if verb == "holdfast.queue" else "holdfast.result", id,
                          self.methods[method](*params, **self.current.get("named", {}))]
            except Exception as problem:
                answer = ["holdfast.failed", id, getattr(problem, "reason", "failed"), str(problem)]
            if id is not None:  # without a connection a call is unknown to its caller; a queued one comes again
                self._tell(*answer)
