/** Raised for every byte sequence that is not a message of the declared shape; the connection it came on is closed. */
export class MalformedMessage extends Error {
  constructor(message: string) {
    super(message);
    this.name = "MalformedMessage";
  }
}
