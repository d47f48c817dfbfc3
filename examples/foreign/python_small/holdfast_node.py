"""A foreign node of Holdfast (docs/wire.md) in a hundred lines: JSON alone, no work items. ../python has all of it."""
import base64, itertools, json, queue, socket, struct, threading, uuid
from concurrent.futures import Future


class Failed(Exception):
    pass


def tagged(thing):
    return {"$bytes": base64.b64encode(thing).decode()}


def untagged(given):
    return base64.b64decode(given["$bytes"]) if list(given) == ["$bytes"] else given


def frame(method, params):
    text = json.dumps({"method": method, "params": params}, default=tagged).encode()
    return struct.pack(">I", len(text)) + text


class Node:
    def __init__(self, address, name, body="json", on_change=lambda is_up, why: None):
        host, _, port = address.rpartition(":")
        self.address, self.name, self.on_change = (host, int(port)), name, on_change
        self.methods, self.current = {}, {}
        self.open = {}  # id -> what is waited for, and the message that is said again in the next session
        self.numbers, self.asked = itertools.count(1), queue.Queue()
        self.socket, self.lock, self.is_stopped = None, threading.Lock(), False

    def serve(self, method, function):
        self.methods[method] = function

    def start(self):
        for loop in (self._connect, self._serve):
            threading.Thread(target=loop, daemon=True).start()

    def stop(self):
        self.is_stopped = True
        self.send("holdfast.bye")

    def send(self, method, *params):
        with self.lock:
            if not self.socket:
                raise ConnectionError("not connected")
            self.socket.sendall(frame(method, params))

    def call(self, method, *params):
        return self._ask("holdfast.call", next(self.numbers), method, params).result(35)

    def queue(self, method, *params, id=None, wait=True, **options):
        answer = self._ask("holdfast.queue", id or uuid.uuid4().hex, method, params, options)
        return answer.result() if wait else answer

    def _ask(self, verb, id, method, params, *options):
        message = (verb, id, method, params, *options)
        answer, _ = self.open[id] = Future(), message if verb == "holdfast.queue" else None
        self._tell(*message)
        return answer

    def _tell(self, *message):
        try:
            self.send(*message)
        except OSError:
            pass  # what matters is said again in the next session

    def _connect(self):
        while not self.is_stopped:
            try:
                with socket.create_connection(self.address) as connection:
                    connection.sendall(frame("holdfast.hello", [{"name": self.name, "type": "python"}]))
                    for method, params in self._messages(connection.makefile("rb")):
                        if method == "holdfast.welcome":
                            self.socket = connection
                        self._hear(method, params)
            except OSError as problem:
                self.socket = None
                self.on_change(False, str(problem))
            for id in [id for id, (_, message) in list(self.open.items()) if not message]:
                self.open.pop(id)[0].set_exception(Failed("unknown: it may have run"))
            threading.Event().wait(0.2)

    def _messages(self, stream):
        while len(head := stream.read(4)) == 4:
            text = stream.read(struct.unpack(">I", head)[0])
            message = json.loads(text, object_hook=untagged)
            yield message["method"], message["params"]
        raise ConnectionError("the gateway closed the connection")

    def _hear(self, method, params):
        if method == "holdfast.welcome":
            self.on_change(True, "")
            again = [message for _, message in list(self.open.values()) if message]
            threading.Thread(target=lambda: [self._tell(*message) for message in again], daemon=True).start()
        elif method in ("holdfast.result", "holdfast.stored"):
            self.open.pop(params[0])[0].set_result(params[1] if len(params) > 1 else None)
        elif method == "holdfast.failed":
            self.open.pop(params[0])[0].set_exception(Failed(": ".join(params[1:])))
        else:
            self.asked.put((method, params))

    def _serve(self):
        while True:
            method, params = self.asked.get()
            verb, id, self.current = method, None, {}
            if verb in ("holdfast.call", "holdfast.queue"):
                id, method, params, self.current = (*params, {})[:4]
            try:
                answer = ["holdfast.executed" if verb == "holdfast.queue" else "holdfast.result", id,
                          self.methods[method](*params)]
            except Exception as problem:
                answer = ["holdfast.failed", id, "failed", str(problem)]
            if id is not None:
                self._tell(*answer)
