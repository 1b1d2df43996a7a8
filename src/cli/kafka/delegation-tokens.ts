// `kafka-delegation-tokens`: make, renew, withdraw and print delegation tokens. As Kafka's tool it prints their HMACs, by which they log in.

import {
  createToken,
  type DelegationToken,
  describeTokens,
  expireToken,
  type Principal,
  renewToken,
} from "../../client/admin/delegation-tokens.ts";
import type { Brokers } from "../../client/brokers.ts";
import { CommandError } from "../command-error.ts";
import { cell, line } from "./columns.ts";
import { dateFormat } from "./date-format.ts";
import { BOOTSTRAP_SERVER, COMMAND_CONFIG, FlagError, type Flags } from "./flags.ts";
import { javaLine } from "./java-error.ts";
import { type Io, type Tool, withBrokers } from "./tool.ts";

interface Action {
  readonly needs: readonly string[];
  /** What does not go with it. */
  readonly refuses: readonly string[];
  readonly run: (brokers: Brokers, flags: Flags, io: Io) => Promise<void>;
}

const ACTIONS: { readonly [name: string]: Action } = {
  create: { needs: ["max-life-time-period"], refuses: ["hmac", "renew-time-period", "expiry-time-period"], run: create },
  renew: {
    needs: ["hmac", "renew-time-period"],
    refuses: ["renewer-principal", "max-life-time-period", "expiry-time-period", "owner-principal"],
    run: renew,
  },
  expire: {
    needs: ["hmac", "expiry-time-period"],
    refuses: ["max-life-time-period", "renew-time-period", "owner-principal"],
    run: expire,
  },
  describe: { needs: [], refuses: ["renew-time-period", "max-life-time-period", "hmac", "expiry-time-period"], run: describe },
};

export const kafkaDelegationTokens: Tool = {
  purpose: "Make, renew, withdraw and print delegation tokens.",
  flags: [
    BOOTSTRAP_SERVER,
    COMMAND_CONFIG,
    { name: "create", help: "make a token" },
    { name: "renew", help: "let a token hold for longer" },
    { name: "expire", help: "let a token end sooner, or at once" },
    { name: "describe", help: "print the tokens of --owner-principal" },
    { name: "owner-principal", value: "User:name", isValueOptional: true, help: "whose it is; repeatable with --describe" },
    { name: "renewer-principal", value: "User:name", isValueOptional: true, help: "who else may renew it; repeatable" },
    { name: "max-life-time-period", value: "ms", isWhole: true, type: "Long", help: "how old it may get; -1: as old as the broker allows" },
    { name: "renew-time-period", value: "ms", isWhole: true, type: "Long", help: "for how long it holds; -1: as long as may be" },
    { name: "expiry-time-period", value: "ms", isWhole: true, type: "Long", help: "for how long it still holds; -1: it ends at once" },
    { name: "hmac", value: "text", help: "the token's HMAC" },
  ],
  run: (flags, io, argv) => {
    if (argv.length === 0) throw new FlagError("This tool helps to create, renew, expire, or describe delegation tokens.");
    const { run } = actionOf(flags);
    return withBrokers(flags, async (brokers) => {
      await run(brokers, flags, io);
      return 0;
    });
  },
  failed: (error, io) => {
    io.error(javaLine(error));
    return 1;
  },
};

function actionOf(flags: Flags): Action {
  const [given, ...more] = Object.entries(ACTIONS).filter(([name]) => flags.has(name));
  if (given === undefined || more.length > 0)
    throw new FlagError("Command must include exactly one action: --create, --renew, --expire or --describe");
  const [name, action] = given;
  flags.need("bootstrap-server", "command-config", ...action.needs);
  for (const refused of action.refuses) flags.refuseWith(refused, [name]);
  return action;
}

async function create(brokers: Brokers, flags: Flags, io: Io): Promise<void> {
  const renewers = principals(flags, "renewer-principal");
  const maxLifetimeMs = flags.whole("max-life-time-period") ?? -1;
  io.out(`Calling create token operation with renewers :${listText(renewers)} , max-life-time-period :${maxLifetimeMs}`);
  const [owner] = principals(flags, "owner-principal");
  const token = await createToken(brokers, { owner, renewers, maxLifetimeMs });
  io.out(`Created delegation token with tokenId : ${token.id}`);
  printTokens([token], io);
}

async function renew(brokers: Brokers, flags: Flags, io: Io): Promise<void> {
  const hmac = flags.get("hmac") ?? "";
  const periodMs = flags.whole("renew-time-period") ?? -1;
  io.out(`Calling renew token operation with hmac :${hmac} , renew-time-period :${periodMs}`);
  const expiryMs = await renewToken(brokers, hmacBytes(hmac), periodMs);
  io.terminal.out(`Completed renew operation. New expiry date : ${dateText(expiryMs)}`);
}

async function expire(brokers: Brokers, flags: Flags, io: Io): Promise<void> {
  const hmac = flags.get("hmac") ?? "";
  const periodMs = flags.whole("expiry-time-period") ?? -1;
  io.out(`Calling expire token operation with hmac :${hmac} , expire-time-period :${periodMs}`);
  const expiryMs = await expireToken(brokers, hmacBytes(hmac), periodMs);
  io.terminal.out(`Completed expire operation. New expiry date : ${dateText(expiryMs)}`);
}

async function describe(brokers: Brokers, flags: Flags, io: Io): Promise<void> {
  const owners = principals(flags, "owner-principal");
  io.out(
    owners.length === 0
      ? "Calling describe token operation for current user."
      : `Calling describe token operation for owners: ${listText(owners)}`,
  );
  const tokens = await describeTokens(brokers, owners);
  io.terminal.out(`Total number of tokens : ${tokens.length}`);
  printTokens(tokens, io);
}

const WIDTHS = [15, 30, 15, 15, 25, 15, 15, 15];
const HEADER = ["TOKENID", "HMAC", "OWNER", "REQUESTER", "RENEWERS", "ISSUEDATE", "EXPIRYDATE", "MAXDATE"];

function printTokens(tokens: readonly DelegationToken[], io: Io): void {
  const print = (cells: readonly string[]) => io.out(`\n${line(cells.map((text, index) => cell(text, WIDTHS[index] ?? 0)))}`);
  print(HEADER);
  for (const { id, hmac, owner, requester, renewers, issuedMs, expiryMs, maxMs } of tokens) {
    const dates = [issuedMs, expiryMs, maxMs].map(dateText);
    print([id, hmac.toString("base64"), principalText(owner), principalText(requester), listText(renewers), ...dates]);
  }
}

const DATE_FORMAT = dateFormat("yyyy-MM-dd'T'HH:mm");

function dateText(timeMs: number): string {
  return DATE_FORMAT(new Date(timeMs));
}

/** Raises CommandError. */
function principals(flags: Flags, name: string): Principal[] {
  return flags.all(name).map((given) => {
    const text = given.trim();
    const [, type, rest] = /^([^:]+):(.+)$/.exec(text) ?? [];
    if (type === undefined || rest === undefined)
      throw new CommandError(`expected a string in format principalType:principalName but got ${text}`);
    return { type, name: rest };
  });
}

function principalText({ type, name }: Principal): string {
  return `${type}:${name}`;
}

/** As Java prints a list. */
function listText(listed: readonly Principal[]): string {
  return `[${listed.map(principalText).join(", ")}]`;
}

/** Raises CommandError. */
function hmacBytes(text: string): Buffer {
  const [wrong] = /[^A-Za-z0-9+/=]/.exec(text) ?? [];
  if (wrong !== undefined) throw new CommandError(`Illegal base64 character ${wrong.charCodeAt(0).toString(16)}`);
  return Buffer.from(text, "base64");
}
