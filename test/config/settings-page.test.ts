import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { withSettings } from "../../scripts/settings-page.ts";

test("the page of settings is what the tables say", () => {
  const page = readFileSync(join(import.meta.dirname, "../../src/config/README.md"), "utf8");
  expect(withSettings(page) === page, "run `node scripts/settings-page.ts`").toBe(true);
});
