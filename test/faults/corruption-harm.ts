// What may have become of a file's bytes, by kind: where it is harmed, and with what, follows from a number and a seed.

import type { MemoryFilesystem } from "../../src/base/memory-filesystem.ts";
import type { Dice } from "../simulation/scheduler.ts";

export interface HarmKind {
  readonly name: string;
  readonly title: string;
  /** In how many places a file of this size is harmed, in turn. */
  readonly places: (sizeBytes: number) => number;
  /** What the file is then; `undefined`: it is gone. */
  readonly harm: (content: Buffer, place: Place, dice: Dice) => Buffer | undefined;
}

interface Place {
  /** From 0. */
  readonly index: number;
  readonly count: number;
}

const GARBAGE_BYTES = [1, 40, 4096];

export const HARM_KINDS: readonly HarmKind[] = [
  {
    name: "flip",
    title: "one bit is another",
    places: (sizeBytes) => Math.min(sizeBytes, 12),
    harm: (content, place, dice) => {
      const at = positionIn(content, place, dice);
      return changed(content, at, Buffer.from([byteAt(content, at) ^ (1 << dice.between(0, 7))]));
    },
  },
  {
    name: "bytes",
    title: "a few bytes are others",
    places: (sizeBytes) => Math.min(sizeBytes, 6),
    harm: (content, place, dice) => {
      const at = positionIn(content, place, dice);
      return changed(content, at, Buffer.from(Array.from({ length: dice.between(1, 4) }, () => dice.between(0, 255))));
    },
  },
  {
    name: "zeros",
    title: "a part is zeros",
    places: (sizeBytes) => Math.min(sizeBytes, 5),
    harm: (content, place, dice) => changed(content, positionIn(content, place, dice), Buffer.alloc(dice.pick([2, 16, 64, 512]))),
  },
  {
    name: "cut",
    title: "the end is cut off",
    places: (sizeBytes) => Math.min(Math.max(0, sizeBytes - 1), 6),
    harm: (content, place, dice) => content.subarray(0, Math.max(1, positionIn(content, place, dice))),
  },
  { name: "empty", title: "nothing is in it", places: (sizeBytes) => Math.min(sizeBytes, 1), harm: () => Buffer.alloc(0) },
  { name: "missing", title: "it is not there", places: () => 1, harm: () => undefined },
  {
    name: "garbage",
    title: "something follows that does not belong there",
    places: () => GARBAGE_BYTES.length,
    harm: (content, { index }, dice) => {
      const isZeros = dice.between(0, 1) === 0;
      const garbage = Array.from({ length: GARBAGE_BYTES[index] ?? 1 }, () => (isZeros ? 0 : dice.between(0, 255)));
      return Buffer.concat([content, Buffer.from(garbage)]);
    },
  },
];

/** Somewhere in the part of the content that is the place's. */
function positionIn(content: Buffer, { index, count }: Place, dice: Dice): number {
  const from = Math.floor((index * content.length) / count);
  return dice.between(from, Math.max(from, Math.floor(((index + 1) * content.length) / count) - 1));
}

function byteAt(content: Buffer, at: number): number {
  return content[at] ?? 0;
}

function changed(content: Buffer, at: number, bytes: Buffer): Buffer {
  const copy = Buffer.from(content);
  bytes.copy(copy, at);
  return copy;
}

/** Every file below a folder, in order. */
export function filesBelow(files: MemoryFilesystem, folder: string): string[] {
  return files.list(folder).flatMap((name) => {
    const path = `${folder}/${name}`;
    return files.stat(path)?.isDirectory === true ? filesBelow(files, path) : [path];
  });
}

/** Whether [start, end) of a file is as it was. */
export function isUnharmed(before: Buffer, after: Buffer | undefined, start: number, end: number): boolean {
  return after !== undefined && after.length >= end && before.compare(after, start, end, start, end) === 0;
}
