// The part of WebAssembly's JavaScript interface that crc32c-kernel.ts uses; Node's types leave it to those of browsers.

declare namespace WebAssembly {
  class Module {
    constructor(bytes: Uint8Array);
  }
  class Instance {
    constructor(module: Module);
    readonly exports: { readonly [name: string]: unknown };
  }
  class Memory {
    private constructor();
    readonly buffer: ArrayBuffer;
  }
}
