// PLAIN and SCRAM for themselves: tokens in, tokens or a user out. What clients are told is Kafka's, seen on Apache Kafka 4.3.1.

import { expect, test } from "vitest";
import { type Login, logIn } from "../../src/client/sasl.ts";
import { plainExchange } from "../../src/security/sasl-plain.ts";
import { type ScramKeys, scramExchange } from "../../src/security/sasl-scram.ts";
import { parseUsers, SaslUsers } from "../../src/security/sasl-users.ts";

const passwords: Readonly<Record<string, string>> = { alice: "alice-secret", ünal: "pässword" };

function plain(token: string | Buffer) {
  return plainExchange((user) => (Object.hasOwn(passwords, user) ? passwords[user] : undefined)).step(Buffer.from(token as string));
}

test("PLAIN lets in who gives the password, in UTF-8, also with the own name as authorization id", () => {
  expect(plain("\0alice\0alice-secret")).toEqual({ kind: "success", token: Buffer.alloc(0), user: "alice" });
  expect(plain("alice\0alice\0alice-secret")).toMatchObject({ kind: "success", user: "alice" });
  expect(plain("\0ünal\0pässword")).toMatchObject({ kind: "success", user: "ünal" });
});

test.each([
  ["a wrong password", "\0alice\0alice-secre", "Authentication failed: Invalid username or password"],
  ["a user that is not known", "\0nobody\0x", "Authentication failed: Invalid username or password"],
  ["a name that objects have", "\0constructor\0x", "Authentication failed: Invalid username or password"],
  [
    "another authorization id",
    "bob\0alice\0alice-secret",
    "Authentication failed: Client requested an authorization id that is different from username",
  ],
  ["no user", "\0\0x", "Authentication failed: username not specified"],
  ["no password", "\0alice\0", "Authentication failed: password not specified"],
  ["nothing", "", "Invalid SASL/PLAIN response: expected 3 tokens, got 1"],
  ["two tokens", "alice\0x", "Invalid SASL/PLAIN response: expected 3 tokens, got 2"],
  ["many tokens", "\0alice\0x\0y\0z\0", "Invalid SASL/PLAIN response: expected 3 tokens, got 4"],
])("PLAIN refuses %s, and says of no password what it is", (_, token, message) => {
  const step = plain(token);
  expect(step).toMatchObject({ kind: "failure", message });
  expect(JSON.stringify(step)).not.toContain("secre");
});

/** RFC 7677, section 3: user "user", password "pencil". */
const SALT = "W22ZaJ0SNY7soEsUEjb6gQ==";
const RFC_KEYS: ScramKeys = {
  iterations: 4096,
  salt: SALT,
  storedKey: "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=",
  serverKey: "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
};
const OURS = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
const FIRST = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO";
const FINAL = `c=biws,r=rOprNGfwEbeRWgbNEkqO${OURS},p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=`;

const noToken = () => undefined;

function scram() {
  return scramExchange({
    mechanism: "SCRAM-SHA-256",
    nonce: OURS,
    keysOf: (user) => (user === "user" ? RFC_KEYS : undefined),
    tokenOf: noToken,
  });
}

test("SCRAM-SHA-256 goes as the example of RFC 7677", () => {
  const exchange = scram();
  expect(exchange.step(Buffer.from(FIRST))).toEqual({
    kind: "challenge",
    token: Buffer.from(`r=rOprNGfwEbeRWgbNEkqO${OURS},s=${SALT},i=4096`),
  });
  expect(exchange.step(Buffer.from(FINAL))).toEqual({
    kind: "success",
    token: Buffer.from("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="),
    user: "user",
  });
});

test.each([
  ["a user that is not known", "n,,n=nobody,r=abc"],
  ["channel binding", "p=tls-unique,,n=user,r=abc"],
  ["binding that was passed over", "y,,n=user,r=abc"],
  ["no name", "n,,n=,r=abc"],
  ["no nonce", "n,,n=user,r="],
  ["a name with a broken escape", "n,,n=us=XXer,r=abc"],
  ["a delegation token under a user's name", "n,,n=user,r=abc,tokenauth=true"],
  ["something else", "hello"],
])("SCRAM refuses %s at the first step", (_, first) => {
  expect(scram().step(Buffer.from(first))).toMatchObject({ kind: "failure", message: undefined });
});

test.each([
  ["a wrong proof", FINAL.replace("p=dH", "p=dX")],
  ["a proof of another length", FINAL.replace(/p=.*/, "p=AAAA")],
  ["another nonce", FINAL.replace("r=rOpr", "r=xOpr")],
  ["the nonce of the client alone", FINAL.replace(OURS, "")],
  ["another header than at first", FINAL.replace("c=biws", "c=eSws")],
  ["a second first message", FIRST],
])("SCRAM refuses %s at the second step", (_, final) => {
  const exchange = scram();
  exchange.step(Buffer.from(FIRST));
  expect(exchange.step(Buffer.from(final))).toMatchObject({ kind: "failure", message: undefined });
});

test("SCRAM refuses who wants to be somebody else, and takes names with commas and equals signs", () => {
  expect(scram().step(Buffer.from("n,a=bob,n=user,r=abc"))).toMatchObject({
    kind: "failure",
    message: "Authentication failed: Client requested an authorization id that is different from username",
  });
  const asked: string[] = [];
  const keysOf = (user: string) => {
    asked.push(user);
    return undefined;
  };
  scramExchange({ mechanism: "SCRAM-SHA-256", nonce: "x", keysOf, tokenOf: noToken }).step(Buffer.from("n,,n=a=2Cb=3Dc,r=abc"));
  expect(asked).toEqual(["a,b=c"]);
});

test.each(["SCRAM-SHA-256", "SCRAM-SHA-512"] as const)(
  "our client and our broker understand each other by %s, and a wrong password fails",
  async (mechanism) => {
    const users = new SaslUsers(parseUsers('{"a,b=c":"secret"}'), () => "some salt");
    const attempt = (login: Login) => {
      const exchange = scramExchange({ mechanism, nonce: "ours", keysOf: (user) => users.scramKeysOf(user, mechanism), tokenOf: noToken });
      return logIn(login, async (token) => {
        const step = await exchange.step(token);
        if (step.kind === "failure") throw new Error(step.reason);
        return step.token;
      });
    };
    await attempt({ mechanism, user: "a,b=c", password: "secret" });
    await expect(attempt({ mechanism, user: "a,b=c", password: "Secret" })).rejects.toThrow('the password of user "a,b=c" is wrong');
  },
);

test("our client does not trust a broker that cannot know the password, nor one that asks for endless work", async () => {
  const login: Login = { mechanism: "SCRAM-SHA-256", user: "user", password: "pencil" };
  const answering = (iterations: number, last: string) => {
    let count = 0;
    return (token: Buffer) => {
      const nonce = /r=([^,]*)/.exec(token.toString())?.[1];
      return Promise.resolve(Buffer.from(count++ === 0 ? `r=${nonce}ours,s=${SALT},i=${iterations}` : last));
    };
  };
  await expect(logIn(login, answering(4096, "v=AAAA"))).rejects.toThrow("it does not know the password itself");
  await expect(logIn(login, answering(2_000_000_000, ""))).rejects.toThrow("at most 16384");
});

test.each(["alice:secret", "[]", '{"alice":5}', '{"alice":""}', '{"":"secret"}'])(
  "%s is no list of users, and its message shows no password",
  (text) => {
    expect(() => parseUsers(text)).toThrow();
    expect(() => parseUsers(text)).not.toThrow("secret");
  },
);
