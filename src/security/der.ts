// Reading of DER, the notation in which certificates and key stores are written: a tag, a length, a content, which may be made of such again.

export const DerTags = {
  INTEGER: 0x02,
  OCTET_STRING: 0x04,
  OBJECT_IDENTIFIER: 0x06,
  UTF8_STRING: 0x0c,
  SEQUENCE: 0x30,
  SET: 0x31,
} as const;

export class MalformedDer extends Error {
  constructor(message: string) {
    super(message);
    this.name = "MalformedDer";
  }
}

export interface DerNode {
  readonly tag: number;
  readonly content: Buffer;
  /** With tag and length. */
  readonly whole: Buffer;
}

/** The first node. Throws MalformedDer. */
export function readDer(bytes: Buffer): DerNode {
  if (bytes.length < 2) throw new MalformedDer("it ends within a length");
  const tag = bytes.readUInt8(0);
  const short = bytes.readUInt8(1);
  const lengthBytes = short < 0x80 ? 0 : short & 0x7f;
  // Four bytes of length are more than any store has; 0x80 is a length that is not told, which DER forbids.
  if (short === 0x80 || lengthBytes > 4 || bytes.length < 2 + lengthBytes) throw new MalformedDer("it has a length that is none");
  const length = lengthBytes === 0 ? short : bytes.readUIntBE(2, lengthBytes);
  const start = 2 + lengthBytes;
  if (start + length > bytes.length) throw new MalformedDer("it ends before its content does");
  return { tag, content: bytes.subarray(start, start + length), whole: bytes.subarray(0, start + length) };
}

/** The nodes that a node is made of. Throws MalformedDer. */
export function childrenOf({ content }: Pick<DerNode, "content">): DerNode[] {
  const children: DerNode[] = [];
  for (let at = 0; at < content.length; ) {
    const child = readDer(content.subarray(at));
    children.push(child);
    at += child.whole.length;
  }
  return children;
}

/** The child at an index; `expected` is its tag, where it must have one. Throws MalformedDer. */
export function childOf(node: Pick<DerNode, "content">, index: number, expected?: number): DerNode {
  const child = childrenOf(node)[index];
  if (child === undefined || (expected !== undefined && child.tag !== expected)) throw new MalformedDer("it lacks what should be there");
  return child;
}

/** "1.2.840.113549.1.7.1". */
export function objectIdentifier({ content }: Pick<DerNode, "content">): string {
  const numbers: number[] = [];
  let number = 0;
  for (const byte of content) {
    number = number * 128 + (byte & 0x7f);
    if (byte >= 0x80) continue;
    numbers.push(number);
    number = 0;
  }
  const [first = 0, ...others] = numbers;
  const root = Math.min(2, Math.trunc(first / 40));
  return [root, first - 40 * root, ...others].join(".");
}
