// A request that is not answered yet.

export class Waiter<Reply> {
  readonly reply: Promise<Reply>;
  readonly resolve: (reply: Reply) => void;

  constructor() {
    const { promise, resolve } = Promise.withResolvers<Reply>();
    this.reply = promise;
    this.resolve = resolve;
  }
}
