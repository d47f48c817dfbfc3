#!/usr/bin/env python3
"""A foreign node beside `holdfast node --name alpha --data DIR --foreign 127.0.0.1:7200 --foreign-allow 'log.*'
--foreign-allow echo`: it keeps a log at alpha, and counts words for everybody in the cluster.

    holdfast call py py.words "to be or not to be" --data DIR
"""
import sys
import threading

import holdfast_node

if __name__ == "__main__":
    up = threading.Event()
    node = holdfast_node.Node(sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:7200", "py", body="mixed",
                              on_change=lambda is_up, why: up.set() if is_up else print("down:", why, flush=True))
    node.serve("py.words", lambda text: len(text.split()))
    node.start()
    up.wait()
    print("echo:", node.call("echo", {"pages": 12, "name": "a.pdf"}), flush=True)
    node.queue("log.append", "visits", "py was here")  # on alpha's disk now, whatever happens
    print("log:", node.call("log.read", "visits", 1, 100), flush=True)
    threading.Event().wait()
