// PushTelemetry requests as real clients sent them, from the golden bytes.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readBody, readRequestHeader } from "../../protocol/headers.ts";
import { pushTelemetry } from "../../protocol/messages/index.ts";
import type { DecodedMessage } from "../../protocol/schema/message.ts";
import { Reader } from "../../protocol/wire/reader.ts";

export type RecordedPush = DecodedMessage<typeof pushTelemetry.request>;

export function recordedPushes(client: "java" | "librdkafka"): RecordedPush[] {
  const lines = readFileSync(join(import.meta.dirname, `../golden/${client}-telemetry.jsonl`), "utf8")
    .trimEnd()
    .split("\n");
  return lines
    .map((line) => JSON.parse(line))
    .filter(({ direction, apiKey }) => direction === "request" && apiKey === pushTelemetry.key)
    .map(({ bytes }) => {
      const reader = new Reader(Buffer.from(bytes, "base64"));
      const { apiVersion } = readRequestHeader(reader);
      return readBody(pushTelemetry.request, apiVersion, reader);
    });
}
