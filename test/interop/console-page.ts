// The console in a browser, as tests use it: a page that remembers whatever went wrong in it, and what axe has to say of it.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import axe from "axe-core";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { CACHE } from "./broker-under-test.ts";

const SHOTS = join(CACHE, "console");

export interface Look {
  readonly isNarrow?: boolean;
  readonly isDark?: boolean;
  /** With which somebody logs in. */
  readonly httpCredentials?: { readonly username: string; readonly password: string };
}

interface AxeResult {
  readonly violations: readonly {
    readonly id: string;
    readonly impact: string | null;
    readonly nodes: readonly { readonly target: readonly unknown[]; readonly failureSummary?: string }[];
  }[];
}

export class ConsolePage implements AsyncDisposable {
  readonly page: Page;
  /** What the browser said was wrong: errors thrown, policies violated, files that are not there. */
  readonly complaints: string[] = [];
  readonly #context: BrowserContext;
  readonly #url: string;

  private constructor(context: BrowserContext, page: Page, url: string) {
    this.#context = context;
    this.#url = url;
    this.page = page;
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") this.complaints.push(`${message.text()} (${page.url()})`);
    });
    page.on("pageerror", (error) => this.complaints.push(String(error)));
    page.on("dialog", (dialog) => {
      this.complaints.push(`a script ran: ${dialog.message()}`);
      void dialog.dismiss();
    });
  }

  static async open(browser: Browser, url: string, { isNarrow = false, isDark = false, ...others }: Look = {}): Promise<ConsolePage> {
    const context = await browser.newContext({
      ...others,
      viewport: isNarrow ? { width: 400, height: 780 } : { width: 1280, height: 800 },
      colorScheme: isDark ? "dark" : "light",
    });
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    return new ConsolePage(context, await context.newPage(), url);
  }

  /** @param place what stands behind "#/" */
  async go(place: string): Promise<void> {
    await this.page.goto(`${this.#url}/#/${place}`);
    await this.page.locator("main h1").first().waitFor();
    const loading = this.page.getByText("Loading…");
    while ((await loading.count()) > 0) await loading.first().waitFor({ state: "detached" });
  }

  async shoot(name: string): Promise<void> {
    mkdirSync(SHOTS, { recursive: true });
    await this.page.screenshot({ path: join(SHOTS, `${name}.png`) });
  }

  /** What axe finds that is serious or worse, a line each. */
  async barriers(): Promise<string[]> {
    await this.page.evaluate(axe.source);
    const { violations } = await this.page.evaluate<AxeResult>("axe.run(document, { resultTypes: ['violations'] })");
    return violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .flatMap(({ id, nodes }) =>
        nodes.slice(0, 3).map(({ target, failureSummary = "" }) => `${id} ${target.join(" ")}: ${failureSummary.split("\n").at(-1)}`),
      );
  }

  /** By how many pixels the page is wider than the window. */
  overhang(): Promise<number> {
    return this.page.evaluate<number>("document.documentElement.scrollWidth - document.documentElement.clientWidth");
  }

  /** Leaves how it looked in the end, whatever that was. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.shoot(`last-${new URL(this.#url).port}`).catch(() => undefined);
    await this.#context.close();
  }
}
