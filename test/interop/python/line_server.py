"""Serves the calls of a client program: one JSON request a line on stdin, one JSON answer a line on stdout.

A group member must go on polling between two calls, so `idle` is called whenever nothing has been asked for a while.
"""
import json
import queue
import sys
import threading
import time


class Refused(Exception):
    """An error of the client, by the name that the client gives to it."""

    def __init__(self, name, message):
        super().__init__(message)
        self.name = name


def serve(calls, idle):
    lines = queue.Queue()

    def read():
        for line in sys.stdin:
            lines.put(line)
        lines.put(None)

    threading.Thread(target=read, daemon=True).start()
    while True:
        try:
            line = lines.get(timeout=0.02)
        except queue.Empty:
            idle()
            continue
        if line is None:
            return
        asked = json.loads(line)
        answer = {"id": asked["id"]}
        try:
            answer["result"] = calls[asked["call"]](**asked["args"])
        except Refused as refused:
            answer["refused"] = {"name": refused.name, "message": str(refused)}
        print(json.dumps(answer), flush=True)


def steadily(send_one, partitions, count, every_ms):
    """`produceSteadily` by whatever sends one record, waits for it, and answers the name of its error, if any."""
    acknowledged, refused = [], []
    for index in range(count):
        error = send_one(partitions[index % len(partitions)], str(index))
        if error:
            refused.append(error)
        else:
            acknowledged.append(str(index))
        time.sleep(every_ms / 1000)
    return {"acknowledged": acknowledged, "refused": refused}
