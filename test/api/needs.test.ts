// The permissions that each API asks for: what the handlers state, and the page on APIs, are one table.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { heartbeat } from "../../protocol/messages/index.ts";
import { serve } from "../../src/api/handler.ts";
import { handlers } from "../../src/api/index.ts";

const page = readFileSync(join(import.meta.dirname, "../../src/api/README.md"), "utf8");

test("the page on APIs tells what each asks for", () => {
  const rows = [...page.matchAll(/^\| (\w+) \| (.*) \|$/gm)].map(([, api = "", needs = ""]) => [api, needs]);
  const told = rows.filter(([api]) => api !== "API" && api !== undefined && /^[A-Z]/.test(api));
  expect(told).toEqual(handlers.map(({ api, needs }) => [api.name, needs.length === 0 ? "–" : needs.join(", ")]));
});

test("a handler cannot ask for what it does not state", () => {
  const stated = serve(heartbeat, "0", ["READ GROUP"], (_, { groupId }, { access }) => ({
    errorCode: access.permits("READ GROUP", groupId) ? 0 : 30,
  }));
  expect(stated.needs).toEqual(["READ GROUP"]);
  const unstated = serve(heartbeat, "0", ["READ GROUP"], (_, { groupId }, { access }) => ({
    // @ts-expect-error it is not stated
    errorCode: access.permits("DELETE GROUP", groupId) ? 0 : 30,
  }));
  expect(unstated.needs).toEqual(["READ GROUP"]);
});
