// Requests for clients that did not send them here themselves: over HTTP, or at another broker, which passes them on (envelope.ts).

/** Who asks. What he may do and use is said by the same rules as if he had sent the request. */
export interface RemoteClient {
  readonly principal: string;
  readonly remoteAddress: string;
  /** Of which listener he is told addresses of brokers, and by which address he has reached this one; empty where he is told none. */
  readonly listenerName?: string;
  readonly localAddress?: string;
  /** Called once when he has gone; gives a function that takes the listener back. */
  readonly onGone?: (listener: () => void) => () => void;
}

/**
 * Runs a request through the handler that a client of this broker is answered by. Request and response as on the wire, without sizes; `undefined` where there is
 * none. Rejects for what would close a connection.
 */
export type AskFor = (client: RemoteClient, request: Buffer) => Promise<Buffer | undefined>;
