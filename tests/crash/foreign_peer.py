"""A foreign node under test: foreign_peer.py CLIENT-FOLDER ADDRESS NAME BODY STEP...

Prints a line for each event. Steps run in order once it is connected: `call METHOD JSON`, `queue METHOD JSON`,
`send METHOD JSON`, `flood COUNT` (so many sends of instants.touch), `store COUNT` (so many queued numbers.append, without
waiting for each, under ids that a second process repeats). Afterwards it serves.
"""
import json
import os
import sys
import threading

sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
import holdfast_node


def say(*words):
    os.write(1, (" ".join(str(word) for word in words) + "\n").encode())


up = threading.Event()


def changed(is_up, why):
    say("up") if is_up else say("down", why)
    up.set() if is_up else up.clear()


node = holdfast_node.Node(sys.argv[2], sys.argv[3], body=sys.argv[4], on_change=changed)
counts = {}


def attempt_of():
    return node.current.get("attempt", 0)


def append(mailbox, n):
    say("append", n, attempt_of())


def fail_until(n):
    counts[n] = counts.get(n, 0) + 1
    say("try", n, attempt_of())
    if counts[n] < n:
        raise ValueError("not yet, дай время")


def fail(n):
    say("fail", n, attempt_of())
    raise ValueError("never")


def die_once():
    if attempt_of() == 1:
        os.kill(os.getpid(), 9)
    say("survived", attempt_of())


node.serve("numbers.append", append)
node.serve("instants.touch", lambda n: say("instant", n))
node.serve("py.add", lambda a, b: a + b)
node.serve("py.echo", lambda given: given)
node.serve("py.fail_until", fail_until)
node.serve("py.fail", fail)
node.serve("py.die_once", die_once)
node.start()
up.wait()

steps = sys.argv[5:]
while steps:
    verb, steps = steps[0], steps[1:]
    if verb == "stop":
        node.stop()
    elif verb == "flood":
        count, steps = int(steps[0]), steps[1:]
        for n in range(count):
            node.send("instants.touch", n)
        say("flooded", count)
    elif verb == "store":
        count, steps = int(steps[0]), steps[1:]
        answers = [node.queue("numbers.append", "py", n, id=f"store-{n}", wait=False) for n in range(count)]
        for answer in answers:
            answer.result()
        say("stored", count)
    else:
        method, params, steps = steps[0], json.loads(steps[1], object_hook=holdfast_node.untagged), steps[2:]
        try:
            answer = getattr(node, verb)(method, *params)
            say(verb, method, json.dumps(answer, default=holdfast_node.tagged))
        except holdfast_node.Failed as problem:
            say(verb, method, "refused", problem)
threading.Event().wait()
