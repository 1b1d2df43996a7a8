import { afterAll, describe } from "vitest";
import { hasPostgresReference } from "../../scripts/postgres-reference.ts";
import { upkeepContract } from "../diskless/contracts/upkeep-catalog.ts";
import { PostgresBench } from "./diskless-catalog-bench.ts";
import { port } from "./port.ts";
import { PostgresServer } from "./postgres-server.ts";

const PORT = port(20140);

describe.skipIf(!hasPostgresReference())("what upkeep sees of the catalog in PostgreSQL", () => {
  let server: PostgresServer | undefined;
  const started = async () => {
    server ??= await PostgresServer.start(PORT);
    return server;
  };
  afterAll(() => server?.stop());

  upkeepContract(async () => new PostgresBench(await started()));
});
