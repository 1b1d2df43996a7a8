import { afterAll, describe } from "vitest";
import { hasPostgresReference } from "../../scripts/postgres-reference.ts";
import { catalogContract } from "../diskless/contracts/catalog.ts";
import { PostgresBench } from "./diskless-catalog-bench.ts";
import { port } from "./port.ts";
import { PostgresServer } from "./postgres-server.ts";

const PORT = port(20120);

describe.skipIf(!hasPostgresReference())("the catalog in PostgreSQL", () => {
  let server: PostgresServer | undefined;
  const started = async () => {
    server ??= await PostgresServer.start(PORT);
    return server;
  };
  afterAll(() => server?.stop());

  catalogContract(async () => new PostgresBench(await started()));
});
