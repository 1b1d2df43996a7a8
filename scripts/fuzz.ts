// Hostile clients against a broker, over real sockets: `npm run fuzz [-- --requests N --seed N --only CONNECTION]`. See test/fuzz/README.md.

import { parseArgs } from "node:util";
import { Account } from "../test/fuzz/account.ts";
import { describe } from "../test/fuzz/recently.ts";
import { runRound } from "../test/fuzz/round.ts";

const DEFAULT_REQUESTS = 2_000_000;
const DEFAULT_SEED = 17;
/** Then the broker is stopped and started again, and another begins on nothing. */
const REQUESTS_A_ROUND = 100_000;
/** Of so many rounds one is of strangers who may do everything. */
const ADMINISTRATORS_EVERY = 4;

const { values } = parseArgs({
  options: { requests: { type: "string" }, seed: { type: "string" }, only: { type: "string" }, administrators: { type: "boolean" } },
});
const requests = Number(values.requests ?? DEFAULT_REQUESTS);
const seed = Number(values.seed ?? DEFAULT_SEED);
const only = values.only === undefined ? undefined : Number(values.only);
const account = new Account();
const began = Date.now();
console.log(`fuzz: seed ${seed}, ${requests} requests`);

let sent = 0;
let nextConnection = 0;
for (let round = 1; sent < requests && account.complaints.length === 0; round++) {
  const result = await runRound({
    ...{ seed, account, only },
    firstConnection: nextConnection,
    requests: Math.min(REQUESTS_A_ROUND, requests - sent),
    asAdministrators: values.administrators ?? round % ADMINISTRATORS_EVERY === 0,
  });
  sent += result.requests;
  nextConnection = result.nextConnection;
  console.log(`round ${round}: ${sent} requests over ${nextConnection} connections, ${((Date.now() - began) / 1000).toFixed(0)} s`);
  if (only !== undefined && nextConnection > only) break;
}

console.log(account.print());
for (const { what, request, connection } of account.complaints) {
  console.log(`\nFAILED: ${what}`);
  if (request !== undefined) console.log(`  last sent: ${describe(request, connection)}`);
  if (connection !== undefined) console.log(`  this connection alone: npm run fuzz -- --seed ${seed} --only ${connection}`);
}
process.exit(account.complaints.length === 0 ? 0 : 1);
