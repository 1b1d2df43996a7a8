/** Raised for every byte sequence that is not a message of the declared shape; the connection it came on is closed. */
export class MalformedMessage extends Error {
  constructor(message: string) {
    super(message);
    this.name = "MalformedMessage";
  }
}

/** Compressed data holds more than its reader takes. Whether the rest is sound is not known. */
export class TooMuchContent extends MalformedMessage {
  constructor(codec: string, maxBytes: number) {
    super(`${codec} data of more than ${maxBytes} bytes of content`);
    this.name = "TooMuchContent";
  }
}
