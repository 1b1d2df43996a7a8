// Logins: how many clients a broker lets in that connect, log in and leave, and what each costs it.

import { resultOf } from "./client-process.ts";
import type { LoginsOrder, LoginsResult } from "./logins-client.ts";
import { targetOf } from "./replay-order.ts";
import { BROKERS, type Scenario } from "./scenario.ts";
import { makeScramUser, PASSWORD, securedBy, USER } from "./secured.ts";

const LANES = 16;
const WARM_UP_SECONDS = 2;
const SECONDS = 4;

const CASES = [
  { label: "by PLAIN", listener: "SASL_PLAINTEXT", mechanism: "PLAIN" },
  { label: "by SCRAM-SHA-256", listener: "SASL_PLAINTEXT", mechanism: "SCRAM-SHA-256" },
  { label: "by PLAIN over TLS", listener: "SASL_SSL", mechanism: "PLAIN" },
] as const;

export const logins: Scenario = {
  name: "logins",
  about: "clients that connect, log in and leave: by PLAIN, by SCRAM, over TLS",
  contenders: BROKERS.filter((name) => name !== "against"),
  async measure(run) {
    const broker = await run.launch(securedBy("SASL_PLAINTEXT", "SASL_SSL"));
    await makeScramUser(broker);
    for (const { label, listener, mechanism } of CASES) {
      await run.attempt(`logins ${label}`, async () => {
        const result = await resultOf<LoginsResult>("logins-client.ts", {
          ...targetOf(broker, broker.listener(listener)),
          mechanism,
          user: USER,
          password: PASSWORD,
          lanes: LANES,
          warmUpSeconds: run.scaled(WARM_UP_SECONDS),
          seconds: run.scaled(SECONDS),
        } satisfies LoginsOrder);
        run.add(`logins ${label}`, "1/s", result.logins / result.seconds);
        const { brokerCpuSeconds } = result;
        const thousand = brokerCpuSeconds === undefined ? undefined : (brokerCpuSeconds / result.logins) * 1000;
        run.add(`broker CPU for a thousand logins ${label}`, "s", thousand);
      });
    }
  },
};
