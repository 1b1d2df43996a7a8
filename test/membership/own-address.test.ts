// By which address others reach this machine.

import { expect, test } from "vitest";
import { addressTowards } from "../../src/membership/own-address.ts";

test("whoever reaches the database on this machine is reached on this machine", async () => {
  for (const host of ["", "localhost", "127.0.0.1", "::1", "no such host"]) {
    expect([host, await addressTowards(host)]).toEqual([host, undefined]);
  }
});
