"""What librdkafka says of its work: nothing, or with CLIENTS_TRACED (../client-trace.ts) nearly all."""
import os


def config():
    if "CLIENTS_TRACED" in os.environ:
        return {"debug": "broker,topic,metadata,msg,fetch,eos,cgrp,consumer"}
    return {"log_level": 0}
