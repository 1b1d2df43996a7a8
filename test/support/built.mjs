// Before all tests what is published is built, unless it is there: tests that start commands as processes of their own take those, which are up
// in a third of the processor's time that the sources need.

import { build, isBuilt } from "../../scripts/build.mjs";

export async function setup() {
  if (!isBuilt()) await build();
}
