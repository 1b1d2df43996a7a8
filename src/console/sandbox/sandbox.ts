// The page's side of the worker that evaluates filters: one batch of records after the other, each within a time.

import { Fault } from "../ask/fault.ts";
import type { Asked, FilteredRecord, Verdict } from "./worker.ts";
import workerUrl from "./worker.ts?worker&url";

const BATCH_MS = 2000;

interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): { createScriptURL(url: string): string };
}

export class Sandbox {
  readonly #expression: string;
  #worker: Worker | undefined;

  constructor(expression: string) {
    this.#expression = expression;
  }

  /** Which of them match. Rejects with Fault for what is no expression, and for what takes too long. */
  verdict(records: readonly FilteredRecord[]): Promise<Verdict> {
    this.#worker ??= new Worker(scriptUrl());
    const worker = this.#worker;
    return new Promise((resolve, reject) => {
      const tooLong = setTimeout(() => {
        this.close();
        reject(new Fault("Filter stopped", `It took more than ${BATCH_MS / 1000} s for ${records.length} records: make it simpler.`));
      }, BATCH_MS);
      worker.onmessage = ({ data }: MessageEvent<Verdict>) => {
        clearTimeout(tooLong);
        if (data.isMalformed)
          reject(new Fault("Filter", `${data.error}. It is a JavaScript expression, as value.total > 100 && key.startsWith("a").`));
        else resolve(data);
      };
      worker.onerror = () => {
        clearTimeout(tooLong);
        reject(new Fault("Filter", "The filter could not be evaluated."));
      };
      const asked: Asked = { expression: this.#expression, records };
      worker.postMessage(asked);
    });
  }

  close(): void {
    this.#worker?.terminate();
    this.#worker = undefined;
  }
}

let trusted: string | undefined;

/** The one address of a script that the page makes use of while it runs. */
function scriptUrl(): string {
  const types = (globalThis as { trustedTypes?: TrustedTypes }).trustedTypes;
  trusted ??=
    types === undefined
      ? workerUrl
      : types.createPolicy("odradek-sandbox", { createScriptURL: () => workerUrl }).createScriptURL(workerUrl);
  return trusted;
}
