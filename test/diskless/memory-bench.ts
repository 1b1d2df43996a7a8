// Catalogs on rows in memory.

import type { CatalogBench } from "./contracts/catalog-bench.ts";
import { MemoryCatalogRows } from "./fakes/memory-catalog.ts";

export function memoryBench(): CatalogBench {
  const rows = new MemoryCatalogRows();
  let number = 0;
  return {
    join: async () => ({ brokerId: 1, number: ++number }),
    catalog: (incarnation) => rows.catalog(incarnation),
    end: async (incarnation) => rows.end(incarnation),
    unusedKeys: async () => rows.unusedKeys,
  };
}
