// What a peer speaks that does not speak Kafka, told by its first four bytes: where Kafka has the size of a frame, other protocols have
// letters or versions, which make a size that no frame has. Only then are they looked at.

/** A peer that took this port for another one. Its message is for the log. */
export class ForeignProtocol extends Error {
  readonly protocol: string;
  /** What it is told in its own protocol before the connection ends; Kafka says nothing. */
  readonly farewell: string | undefined;

  constructor(protocol: string, advice: string, farewell?: string) {
    super(`the client speaks ${protocol}: ${advice}`);
    this.name = "ForeignProtocol";
    this.protocol = protocol;
    this.farewell = farewell;
  }
}

const TLS_ADVICE =
  "this listener does not speak it; take TLS out of the client's settings (ssl, security.protocol), or start the broker with --tls";
const HTTP_ADVICE = "this port is for Kafka clients, not for browsers, curl or health checks of HTTP";
const OTHER_ADVICE = "this port is for Kafka clients";

const HTTP_WORDS: readonly string[] = ["GET ", "HEAD", "POST", "PUT ", "DELE", "OPTI", "PATC", "TRAC", "CONN", "PRI ", "HTTP"];
const OTHER_WORDS: { readonly [word: string]: string } = { "SSH-": "SSH", AMQP: "AMQP", EHLO: "SMTP", USER: "FTP", PING: "Redis" };

/** `undefined` for bytes that say nothing. */
export function foreignProtocol(frameSize: number): ForeignProtocol | undefined {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(frameSize);
  // A record of a TLS handshake, of any version since SSL 3.
  if (bytes[0] === 0x16 && bytes[1] === 0x03) return new ForeignProtocol("TLS", TLS_ADVICE);
  const word = bytes.toString("latin1");
  if (HTTP_WORDS.includes(word)) return new ForeignProtocol("HTTP", HTTP_ADVICE, httpAnswer());
  const other = /^\*\d\r\n$/.test(word) ? "Redis" : OTHER_WORDS[word];
  return other === undefined ? undefined : new ForeignProtocol(other, OTHER_ADVICE);
}

function httpAnswer(): string {
  const text = "This port speaks Apache Kafka's protocol, not HTTP. Point a Kafka client at it (bootstrap.servers, brokers).\n";
  return [
    "HTTP/1.1 400 Bad Request",
    "Content-Type: text/plain; charset=utf-8",
    `Content-Length: ${Buffer.byteLength(text)}`,
    "Connection: close",
    "",
    text,
  ].join("\r\n");
}
