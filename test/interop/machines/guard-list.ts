// What keeps clusters of processes and lone brokers right, each with what stands in its place when it is taken out (guards.ts). Most is kept by more than one:
// a commit of a broker that was relieved is refused by the owner of the log, by its leader epoch, by where it expects the log to end and by
// the keys of the rows. What belongs together is taken out together.

import type { Guard } from "../../guards/guard.ts";
import type { Deed } from "./plan.ts";

export interface MachinesGuard extends Guard {
  /** A process on a folder; else a cluster over PostgreSQL and an object store. */
  readonly isLone?: true;
  /** What finds it sooner than all that can be done. */
  readonly deeds: readonly Deed["does"][];
}

const COMMIT = "src/diskless/postgres/migrations/0002-logs-and-objects.ts";
const PIPELINE = "src/diskless/write-pipeline.ts";
const LOG = "src/diskless/diskless-log.ts";

const IS_OURS = `AND l.owner = number AND NOT l.is_deleted
        AND l.leader_epoch <= g.epoch AND l.end_offset = g.expected_end`;

export const GUARDS: readonly MachinesGuard[] = [
  {
    title: "a commit counts of whoever has the log, at its leader epoch, and from where it ends",
    edits: [
      { file: COMMIT, code: "IF NOT FOUND THEN\n    outcome := 'fenced';", without: "IF false THEN\n    outcome := 'fenced';" },
      { file: COMMIT, code: IS_OURS, without: "AND NOT l.is_deleted" },
      { file: COMMIT, code: "WHERE takes_part[s.log];", without: "WHERE takes_part[s.log] ON CONFLICT DO NOTHING;" },
    ],
    deeds: ["freeze", "cut"],
  },
  {
    title: "objects are committed in the order in which they were closed",
    edits: [
      { file: COMMIT, code: " AND l.end_offset = g.expected_end", without: "" },
      {
        file: PIPELINE,
        code: `while (this.#uploads[0]?.state === "stored") {
      const upload = this.#uploads.shift();
      if (upload === undefined) break;`,
        without: `for (const upload of this.#uploads.filter(({ state }) => state === "stored")) {
      this.#uploads.splice(this.#uploads.indexOf(upload), 1);`,
      },
      {
        file: "src/diskless/ready-parts.ts",
        code: `    assert(part.baseOffset === endOffset, "parts of a log are committed in the order of their offsets");\n`,
        without: "",
      },
    ],
    deeds: ["kill", "cut"],
  },
  {
    title: "a broker without its lease serves nobody",
    edits: [{ file: "src/membership/term.ts", code: "new LeaseGuard(() => keeper.isHeld)", without: "new LeaseGuard(() => true)" }],
    // Others end a lease only while theirs are steady.
    deeds: ["cut"],
  },
  {
    title: "an answer waits until what it tells of is committed",
    edits: [{ file: LOG, code: "    return this.#durableOffset;", without: "    return this.#logEndOffset;" }],
    deeds: ["kill", "freeze"],
  },
  {
    title: "producers are known to who takes over",
    edits: [{ file: LOG, code: "this.producers.restore(opened.producers);", without: "this.producers.restore([]);" }],
    deeds: ["kill", "freeze", "cut"],
  },
  {
    title: "what a producer sends again is known by its sequence",
    edits: [
      {
        file: "src/storage/producer-states.ts",
        code: "    return checkData(state, batch, options);",
        without: "    return NEW;",
      },
      { file: "src/storage/producer-states.ts", code: "if (duplicate !== undefined)", without: "if (duplicate === null)" },
    ],
    isLone: true,
    deeds: ["cut", "kill"],
  },
  {
    title: "a broker that was killed reads again what its producers had sent",
    edits: [
      {
        file: "src/log/producer-snapshots.ts",
        code: "if (from < options.logEndOffset) replay(states, from, options.segments, this.#logger);",
        without: "",
      },
    ],
    isLone: true,
    deeds: ["kill"],
  },
  {
    title: "readers of committed records are told which are aborted",
    edits: [
      {
        file: "src/api/fetch.ts",
        code: `const aborted = isolationLevel === "read_committed" ? partition`,
        without: "const aborted = isolationLevel === null ? partition",
      },
    ],
    isLone: true,
    deeds: ["cut"],
  },
  {
    title: "offsets that were committed in a transaction are known to who loads the group",
    edits: [
      {
        file: "src/coordinator/load.ts",
        code: "  state.endTransaction(batch.producerId, marker.type === ControlType.COMMIT);\n",
        without: "",
      },
    ],
    isLone: true,
    deeds: ["kill"],
  },
];
