import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { withSettingsPage } from "../../scripts/settings-page.ts";

test("the README's page of settings is what the tables say", () => {
  const readme = readFileSync(join(import.meta.dirname, "../../README.md"), "utf8");
  expect(withSettingsPage(readme) === readme, "run `node scripts/settings-page.ts`").toBe(true);
});
