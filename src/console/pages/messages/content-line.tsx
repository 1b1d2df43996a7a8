// A key or value on one line. With a schema's id before it, it is read by that once it is there.

import { useEffect, useState } from "preact/hooks";
import type { Content } from "../../../http/api/shapes.ts";
import { mayHaveSchema, type Readable, readFully, readPlainly } from "../../decode/readable.ts";
import { oneLine } from "../../parts/format.ts";

export function ContentLine({ content }: { content: Content | null }) {
  const readable = useReadable(content);
  if (content === null) return <span class="faint">null</span>;
  if (content.sizeBytes === 0) return <span class="faint">(empty)</span>;
  const className = readable.format === "bytes" ? "mono faint" : "mono";
  return <bdi class={className}>{oneLine(readable.text)}</bdi>;
}

export function useReadable(content: Content | null): Readable {
  const [read, setRead] = useState<{ readonly of: Content | null; readonly readable: Readable }>();
  useEffect(() => {
    if (content === null || mayHaveSchema(content) === undefined) return undefined;
    let isWanted = true;
    readFully(content).then((readable) => {
      if (isWanted) setRead({ of: content, readable });
    });
    return () => {
      isWanted = false;
    };
  }, [content]);
  return read !== undefined && read.of === content ? read.readable : readPlainly(content);
}
