// Takes over an accepted socket so that reads land in memory of our choice (`onread`), which halves the cost of reading.
// net.Server offers no such option; the take-over uses the private `_handle` and falls back to 'data' events without it.
// Accept with `pauseOnConnect`, so that nothing was read before the take-over.

import net from "node:net";

export interface SocketEvents {
  /** Where the next read should put its bytes. */
  readonly target: () => Buffer;
  /** Bytes that were read; `false` pauses reading until `resume`. */
  readonly received: (bytes: Buffer) => boolean;
  readonly drained: () => void;
  readonly closed: (error: Error | undefined) => void;
}

interface HandleOwner {
  _handle?: unknown;
}

interface WrittenHandle {
  readonly writeQueueSize?: number;
  /** Of a handle that speaks TLS: that of the socket beneath, which has all that was written, encrypted. */
  readonly _parent?: WrittenHandle;
}

/** What the peer has not taken yet of what was written, a little more than there is: it changes whenever the peer takes something. */
export function untakenBytes(socket: net.Socket): number {
  const handle = (socket as HandleOwner)._handle as WrittenHandle | null | undefined;
  return socket.writableLength + ((handle?._parent ?? handle)?.writeQueueSize ?? 0);
}

export function takeOver(accepted: net.Socket, events: SocketEvents): net.Socket {
  const handle = (accepted as HandleOwner)._handle;
  const socket = handle === undefined || handle === null ? accepted : adopt(accepted, handle, events);
  if (socket === accepted) {
    socket.on("data", (chunk: Buffer) => {
      if (!events.received(chunk)) socket.pause();
    });
  }
  let failure: Error | undefined;
  socket.on("error", (error: Error) => {
    failure = error;
  });
  socket.on("drain", events.drained);
  socket.on("close", () => {
    // The server counts accepted sockets and waits for them when it closes.
    accepted.destroy();
    events.closed(failure);
  });
  socket.setNoDelay(true);
  socket.resume();
  if (socket !== accepted) socket.read(0);
  return socket;
}

function adopt(accepted: net.Socket, handle: unknown, events: SocketEvents): net.Socket {
  (accepted as HandleOwner)._handle = null;
  const options = {
    handle,
    onread: {
      buffer: events.target,
      callback: (sizeBytes: number, buffer: Uint8Array) => events.received(buffer.subarray(0, sizeBytes) as Buffer),
    },
  };
  return new net.Socket(options as net.SocketConstructorOpts);
}
