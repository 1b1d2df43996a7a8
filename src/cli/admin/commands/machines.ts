// `odradek cluster --cluster postgres://…`: a cluster of machines as its database knows it, whether or not any of its brokers can be reached.

import { applyChanges, emptyImage } from "../../../cluster/image.ts";
import { S3_PRICES, type StorePrices } from "../../../membership/month-cost.ts";
import { overviewOf } from "../../../membership/overview.ts";
import { storedOf } from "../../../membership/stored.ts";
import { usageError } from "../../command-error.ts";
import type { Terminal } from "../../terminal.ts";
import { withDatabase } from "../machines-database.ts";
import { printRows } from "../table.ts";
import { printStored } from "./stored.ts";

export interface MachinesOptions {
  readonly json?: boolean;
  readonly putPrice?: string;
  readonly getPrice?: string;
  readonly storagePrice?: string;
}

/** Raises CommandError. */
export async function printMachines(url: string, given: MachinesOptions, terminal: Terminal): Promise<void> {
  const prices = pricesOf(given);
  const { overview, stored } = await lookInto(url, prices);
  const { clusterId, brokers, waiting } = overview;
  if (given.json === true) {
    terminal.out(`${JSON.stringify({ ...overview, ...stored })}\n`);
    return;
  }
  terminal.out(`cluster ${clusterId}\n`);
  const rows = brokers.map(({ broker, address, rack, state, incarnation, leaseRemainingMs, leads, replicas }) => ({
    ...{
      broker,
      address: address ?? null,
      rack,
      state,
      lease: leaseText(leaseRemainingMs),
      incarnation: incarnation ?? null,
      leads,
      replicas,
    },
  }));
  printRows(terminal, rows, { isJson: false, nothing: "There are no brokers." });
  for (const sentence of waiting) terminal.out(`${sentence}\n`);
  printStored(stored, terminal);
}

function lookInto(url: string, prices: StorePrices) {
  return withDatabase(url, async ({ clusterId, metadata, leases, usage }) => {
    const image = applyChanges(emptyImage(clusterId), await metadata.load());
    return { overview: overviewOf(image, await leases.list()), stored: await storedOf(usage, image, prices) };
  });
}

function pricesOf({ putPrice, getPrice, storagePrice }: MachinesOptions): StorePrices {
  if (putPrice === undefined && getPrice === undefined && storagePrice === undefined) return S3_PRICES;
  return {
    put: dollars("--put-price", putPrice) ?? S3_PRICES.put,
    get: dollars("--get-price", getPrice) ?? S3_PRICES.get,
    storage: dollars("--storage-price", storagePrice) ?? S3_PRICES.storage,
  };
}

function dollars(option: string, text: string | undefined): number | undefined {
  if (text === undefined || /^\d*\.?\d+$/.test(text)) return text === undefined ? undefined : Number(text);
  throw usageError(`${option} ${text}: a number of dollars is needed, as 0.005`);
}

function leaseText(remainingMs: number | undefined): string {
  if (remainingMs === undefined) return "none";
  const seconds = (Math.abs(remainingMs) / 1000).toFixed(1);
  return remainingMs < 0 ? `over for ${seconds} s` : `${seconds} s left`;
}
