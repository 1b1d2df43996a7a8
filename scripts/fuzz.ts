// Hostile clients against a broker, over real sockets: `npm run fuzz [-- --requests N --seed N --only CONNECTION]`. See test/fuzz/README.md.

import { parseArgs } from "node:util";
import { Account } from "../test/fuzz/account.ts";
import { describe } from "../test/fuzz/recently.ts";
import { roundOf, runRound } from "../test/fuzz/round.ts";

const DEFAULT_REQUESTS = 2_000_000;
const DEFAULT_SEED = 17;

const { values } = parseArgs({ options: { requests: { type: "string" }, seed: { type: "string" }, only: { type: "string" } } });
const requests = Number(values.requests ?? DEFAULT_REQUESTS);
const seed = Number(values.seed ?? DEFAULT_SEED);
const only = values.only === undefined ? undefined : Number(values.only);
const account = new Account();
// Which ends the broker, too.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(1));
const began = Date.now();
console.log(`fuzz: seed ${seed}, ${only === undefined ? `${requests} requests` : `connection ${only} alone`}`);

let sent = 0;
for (let number = roundOf(only ?? 0); sent < requests && account.complaints.length === 0; number++) {
  try {
    sent += await runRound({ seed, account, only, number, requests: requests - sent });
  } catch (error) {
    account.complain({ what: `round ${number + 1} failed: ${error instanceof Error ? error.stack : error}` });
  }
  console.log(`round ${number + 1}: ${sent} requests so far, ${((Date.now() - began) / 1000).toFixed(0)} s`);
  if (only !== undefined) break;
}

console.log(account.print());
for (const { what, request, connection } of account.complaints) {
  console.log(`\nFAILED: ${what}`);
  if (request !== undefined) console.log(`  last sent: ${describe(request, connection)}`);
  if (connection !== undefined) console.log(`  this connection alone: npm run fuzz -- --seed ${seed} --only ${connection}`);
}
process.exit(account.complaints.length === 0 ? 0 : 1);
