// What a client's caller is told when something cannot be had from the brokers: one sentence, without a stack trace.

export class ClientError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "ClientError";
  }
}

/** Of bootstrap servers, which the caller was given. */
export class BadAddress extends ClientError {
  constructor(bootstrapServers: string) {
    super(`--bootstrap-server ${bootstrapServers}: an address must be written host:port`);
  }
}

/** No connection, or one that ended: another attempt, or another broker, may do better. */
export class Disconnected extends ClientError {}

/** As Kafka's clients call what kept them out, without "Exception". */
export type AuthenticationFault = "SslAuthentication" | "SaslAuthentication" | "UnsupportedSaslMechanism" | "IllegalSaslState";

/** Broker and client do not come to terms about who they are: the same attempt would fail again. */
export class NotLetIn extends ClientError {
  readonly fault: AuthenticationFault;
  /** What Kafka's clients say of it. */
  readonly sentence: string;

  constructor(fault: AuthenticationFault, sentence: string, message: string) {
    super(message);
    this.fault = fault;
    this.sentence = sentence;
  }
}

/** The brokers leave groups to their members: the classic protocol is the one to use. */
export class NoConsumerProtocol extends ClientError {
  constructor() {
    super(
      "The brokers do not serve the protocol of consumer groups (group.version, group.coordinator.rebalance.protocols); the classic one may do.",
    );
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The `code` of an error of Node's, such as EADDRINUSE. */
export function codeOf(error: unknown): string | undefined {
  return typeof error === "object" && error !== null && "code" in error && typeof error.code === "string" ? error.code : undefined;
}
