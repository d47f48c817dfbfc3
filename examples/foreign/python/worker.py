#!/usr/bin/env python3
"""A worker beside a controller in C++ (docs/foreign_tutorial.md): draws scenes frame by frame, and goes on where the run before
it was. The first 600 frames are easy; the others take until it is told that it is morning.

    worker.py 127.0.0.1:7200 py1
"""
import signal
import sys
import threading

import holdfast_node

morning, up, leaving = threading.Event(), threading.Event(), threading.Event()


def render(run, scene, frames):
    first = int(run.checkpoint or 0) + 1
    for frame in range(first, frames + 1):
        while frame > 600 and not morning.wait(0.01):
            if run.is_cancelled():
                return  # nobody waits for it any more
            run.progress((frame - 1) / frames, f"frame {frame}")
        if frame % 100 == 0:
            run.save(str(frame))
    return f"{scene}: frames {first} to {frames} drawn in run {run.options['run']}"


def changed(is_up, why):
    print("up" if is_up else "down", why, file=sys.stderr, flush=True)
    if is_up:
        up.set()


if __name__ == "__main__":
    node = holdfast_node.Node(sys.argv[1], sys.argv[2], on_change=changed)
    node.work("film.render", render, slots=2)
    node.serve("film.morning", morning.set)
    node.start()
    signal.signal(signal.SIGTERM, lambda number, frame: leaving.set())
    up.wait()
    print("ready", sys.argv[2], flush=True)
    leaving.wait()
    node.stop()
