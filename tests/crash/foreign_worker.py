"""A foreign worker under test: foreign_worker.py CLIENT-FOLDER ADDRESS NAME BODY SLOTS GATE

Prints a line for each event. A `held` run waits for a byte from the pipe GATE. SIGTERM is a goodbye.
"""
import json
import os
import signal
import sys
import threading

sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
import holdfast_node

folder, address, name, body, slots, gate = sys.argv[1:7]
opened = os.open(gate, os.O_RDWR)


def say(*words):
    os.write(1, (" ".join(str(word) for word in words) + "\n").encode())


def held(run, n):
    say("begin", n, run.epoch, run.attempt)
    run.progress(0.5, "half of " + name)
    os.read(opened, 1)
    say("end", n, run.epoch)
    return n * 2


def unwanted(run):
    say("begin")
    run.dropped.wait()
    say("dropped")


def fail_until(run, attempt):
    say("try", run.attempt, json.dumps(run.checkpoint, default=holdfast_node.tagged))
    run.save({"attempt": run.attempt, "raw": b"\0\1"} if run.attempt == 1 else "текст")
    if run.attempt < attempt:
        raise ValueError("not yet")
    return run.checkpoint


def make_text(run, size):
    return "x" * size if size < 100 else size


node = holdfast_node.Node(address, name, body=body, on_change=lambda is_up, why: say("up" if is_up else "down", why))
for method, function in {"py.held": held, "py.unwanted": unwanted, "py.fail_until": fail_until,
                         "py.echo": lambda run, given: given, "py.object": lambda run: object(),
                         "texts.make": make_text}.items():
    node.work(method, function, slots=int(slots), labels=["py"])
signal.signal(signal.SIGTERM, lambda number, frame: (node.stop(), say("stopped")))
node.start()
threading.Event().wait()
