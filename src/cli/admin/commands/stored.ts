// What `odradek cluster --cluster …` says of what is stored: objects, the largest topics, and what a month costs.

import { type CostLine, type MonthCost, S3_PRICES } from "../../../membership/month-cost.ts";
import type { StoredOverview } from "../../../membership/stored.ts";
import type { Terminal } from "../../terminal.ts";
import { countText, durationText, sizeText } from "../amounts.ts";
import { printRows } from "../table.ts";

const LARGEST = 10;
const S3_SOURCE = "S3's prices (Standard, us-east-1, aws.amazon.com/s3/pricing, 2025)";
const NOT_INCLUDED =
  "Not included: traffic between zones, PostgreSQL, the machines of the brokers, taxes, and whatever will be stored beyond what is there now.";

export function printStored({ objects, topics, traffic, month }: StoredOverview, terminal: Terminal): void {
  printObjects(objects, terminal);
  printTopics(topics, terminal);
  if (month === undefined) {
    terminal.out(
      "\nNo broker has told yet what it asked of the object store; each does about once a minute (diskless.upkeep.interval.ms).\n",
    );
    return;
  }
  const source = month.prices === S3_PRICES ? S3_SOURCE : "the given prices";
  const span = `${durationText(traffic.spanMs)}, up to ${durationText(traffic.ageMs)} ago`;
  terminal.out(`\nA month like what brokers told of their requests for ${span}, at ${source}:\n`);
  printMonth(month, terminal);
  terminal.out(
    `That month would move ${sizeText(month.putBytes)} to the store and ${sizeText(month.gotBytes)} from it, free within a region.\n`,
  );
  terminal.out(`${NOT_INCLUDED}\n`);
}

function printObjects(objects: StoredOverview["objects"], terminal: Terminal): void {
  const { objectCount, smallObjectCount, markedCount, inlineSegmentCount, markedOrphanCount, oldestMarkAgeMs } = objects;
  const lines = [
    ["objects", objectCount, objects.objectBytes],
    ["  as they were appended, to be put together", smallObjectCount, objects.smallObjectBytes],
    ["  of which nothing is left, to be deleted", markedCount - markedOrphanCount, objects.markedBytes],
    ["objects that were never committed, to be deleted", markedOrphanCount, undefined],
    ["rows with records in the database itself", inlineSegmentCount, objects.inlineBytes],
  ] as const;
  terminal.out("\n");
  const rows = lines.map(([stored, count, bytes]) => ({ stored, count, size: bytes === undefined ? "not known" : sizeText(bytes) }));
  printRows(terminal, rows, { isJson: false, nothing: "" });
  if (markedCount > 0)
    terminal.out(
      `What is to be deleted waits for its grace (diskless.object.grace.ms), the first for ${durationText(oldestMarkAgeMs)} by now.\n`,
    );
}

function printTopics(topics: StoredOverview["topics"], terminal: Terminal): void {
  if (topics.length === 0) return;
  terminal.out("\n");
  const rows = topics.slice(0, LARGEST).map(({ topic, sizeBytes }) => ({ topic, size: sizeText(sizeBytes) }));
  printRows(terminal, rows, { isJson: false, nothing: "" });
  const others = topics.slice(LARGEST);
  const sizeBytes = others.reduce((sum, topic) => sum + topic.sizeBytes, 0);
  if (others.length > 0) terminal.out(`${countText(others.length)} smaller ones have ${sizeText(sizeBytes)} together.\n`);
}

function printMonth({ prices, lines, dollars }: MonthCost, terminal: Terminal): void {
  const requests = (price: number) => (price === 0 ? "free" : `$${price} for 1,000`);
  const texts: Readonly<Record<CostLine["of"], readonly [string, string]>> = {
    put: ["PUT", requests(prices.put)],
    list: ["LIST", requests(prices.put)],
    get: ["GET", requests(prices.get)],
    delete: ["DELETE", requests(0)],
    storage: ["stored, as now", `$${prices.storage} for a GB`],
  };
  const rows = lines.map(({ of, amount, dollars: each }) => {
    const [what, price] = texts[of];
    return { what, month: of === "storage" ? sizeText(amount) : countText(amount), price, dollars: each.toFixed(2) };
  });
  printRows(terminal, [...rows, { what: "all", month: null, price: null, dollars: dollars.toFixed(2) }], { isJson: false, nothing: "" });
}
