// What a month of what an object store is asked for, and of what it stores, costs at given prices. Pure.

import type { StoreTraffic } from "../diskless/store-traffic.ts";

/** In US dollars. */
export interface StorePrices {
  /** Of a thousand; listings cost the same. */
  readonly put: number;
  readonly get: number;
  /** Of a GB (2^30 bytes) for a month. */
  readonly storage: number;
}

/** S3 Standard in us-east-1, first 50 TB, without taxes: aws.amazon.com/s3/pricing, 2025. Deletions are free there, and so is traffic in the region. */
export const S3_PRICES: StorePrices = { put: 0.005, get: 0.0004, storage: 0.023 };

export interface CostLine {
  readonly of: "put" | "list" | "get" | "delete" | "storage";
  /** Requests a month, or bytes for a month. */
  readonly amount: number;
  readonly dollars: number;
}

export interface MonthCost {
  readonly prices: StorePrices;
  readonly lines: readonly CostLine[];
  readonly dollars: number;
  /** Moved a month, which costs nothing within a region. */
  readonly putBytes: number;
  readonly gotBytes: number;
}

const MONTH_MS = 30 * 86_400_000;
const GB = 2 ** 30;

/**
 * @param traffic over a span of more than 0 ms
 * @param storedBytes for the whole month as they are now
 */
export function monthCost(traffic: StoreTraffic & { readonly spanMs: number }, storedBytes: number, prices: StorePrices): MonthCost {
  const perMonth = (amount: number) => Math.round((amount * MONTH_MS) / traffic.spanMs);
  const requests = (of: CostLine["of"], count: number, price: number): CostLine => {
    const amount = perMonth(count);
    return { of, amount, dollars: (amount / 1000) * price };
  };
  const lines = [
    requests("put", traffic.putCount, prices.put),
    requests("list", traffic.listCount, prices.put),
    requests("get", traffic.getCount, prices.get),
    requests("delete", traffic.deleteCount, 0),
    { of: "storage", amount: storedBytes, dollars: (storedBytes / GB) * prices.storage } as const,
  ];
  const dollars = lines.reduce((sum, line) => sum + line.dollars, 0);
  return { prices, lines, dollars, putBytes: perMonth(traffic.putBytes), gotBytes: perMonth(traffic.gotBytes) };
}
