// The part of buffer-layout 1.2 that layout.ts uses; the package comes without types.

declare module "buffer-layout" {
  /** A value at a place: `span` bytes, stored under `property` when it is part of a structure. */
  class Layout {
    constructor(span: number, property?: string);
    readonly span: number;
    readonly property: string | undefined;
    decode(buffer: Uint8Array, offset?: number): unknown;
    encode(value: unknown, buffer: Uint8Array, offset?: number): number;
  }
  class Structure extends Layout {
    offsetOf(property: string): number | undefined;
  }
  const bufferLayout: {
    Layout: typeof Layout;
    s8(property: string): Layout;
    s16be(property: string): Layout;
    s32be(property: string): Layout;
    u8(property: string): Layout;
    u16be(property: string): Layout;
    u32be(property: string): Layout;
    struct(fields: readonly Layout[], property?: string): Structure;
  };
  export default bufferLayout;
}
