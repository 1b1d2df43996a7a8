// Evaluates a filter that a user wrote, away from the page: in a worker that can reach nothing (its policy is in http/console-files.ts), and that the
// page ends when it takes too long (sandbox.ts).

export interface Asked {
  readonly expression: string;
  readonly records: readonly FilteredRecord[];
}

/** What an expression sees, each field as a variable. */
export interface FilteredRecord {
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  readonly key: unknown;
  readonly value: unknown;
  readonly headers: Readonly<Record<string, unknown>>;
}

export interface Verdict {
  readonly matches: readonly boolean[];
  /** The first that an expression threw; a record for which it throws does not match. */
  readonly error: string | undefined;
  /** It is no expression at all. */
  readonly isMalformed: boolean;
}

self.onmessage = ({ data }: MessageEvent<Asked>) => self.postMessage(verdictOf(data));

function verdictOf({ expression, records }: Asked): Verdict {
  let error: string | undefined;
  try {
    const test = new Function(
      "record",
      "partition",
      "offset",
      "timestamp",
      "key",
      "value",
      "headers",
      `"use strict"; return (${expression}\n);`,
    );
    const matches = records.map((record) => {
      try {
        return Boolean(test(record, record.partition, record.offset, record.timestamp, record.key, record.value, record.headers));
      } catch (thrown) {
        error ??= String(thrown);
        return false;
      }
    });
    return { matches, error, isMalformed: false };
  } catch (thrown) {
    return { matches: [], error: String(thrown), isMalformed: true };
  }
}
