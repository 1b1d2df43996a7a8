// What `odradek.tls` does: TLS listeners that have no key store of their own show a certificate of the cluster's own authority. The authority
// belongs to the process, and so does the certificate: all of its brokers are reached at the same hosts.

import { isIPv6 } from "node:net";
import { hostname, networkInterfaces } from "node:os";
import type { Filesystem } from "../base/filesystem.ts";
import type { Random } from "../base/random.ts";
import { systemClock } from "../base/system-clock.ts";
import { type BrokerConfig, placeOf, type SettingInputs } from "../config/broker-config.ts";
import { clientListeners, tlsListeners } from "../config/listener-rules.ts";
import { listenerSettingName } from "../config/listener-settings.ts";
import { type ListenerAddress, parseListeners } from "../config/listeners.ts";
import { SettingError } from "../config/setting.ts";
import { CertificateAuthority, UnusableAuthority } from "../security/certificate-authority.ts";
import { ListenerTlsSettings } from "../security/tls-settings.ts";

/** In PEM. */
export interface IssuedStores {
  readonly key: string;
  readonly cert: string;
  /** The certificate of who issued it. */
  readonly ca: string;
}

export interface IssuingPlace {
  readonly config: BrokerConfig;
  /** Where the broker listens unless its settings say so. */
  readonly host: string;
}

export interface IssuingSurroundings {
  readonly filesystem: Filesystem;
  /** `undefined`: the authority is gone with the process. */
  readonly directory: string | undefined;
  readonly random: Random;
}

export class Issuing {
  readonly authority: CertificateAuthority;
  readonly stores: IssuedStores;

  private constructor(authority: CertificateAuthority, hosts: readonly string[]) {
    this.authority = authority;
    // By the system's time, as all that has to do with certificates.
    this.stores = { ...authority.forBroker(hosts, systemClock.now()), ca: authority.certificate };
  }

  /** `undefined` where no setting asks for it. Throws SettingError. */
  static of(places: readonly IssuingPlace[], { filesystem, directory, random }: IssuingSurroundings): Issuing | undefined {
    const asking = places.find(({ config }) => config["odradek.tls"] && !hasKeyStore(config));
    if (asking === undefined) return undefined;
    const fault = (message: string) =>
      new SettingError("CONFLICT", "odradek.tls", `odradek.tls: ${message}`, placeOf(asking.config, "odradek.tls"));
    if (tlsListeners(asking.config).length === 0) {
      const { listeners } = asking.config;
      throw fault(
        `none of the listeners (${listeners.join(", ")}) speaks TLS; make one SSL or SASL_SSL, or leave listeners to their default`,
      );
    }
    const options = { random, nowMs: systemClock.now() };
    try {
      const authority =
        directory === undefined ? CertificateAuthority.make(options) : CertificateAuthority.inFolder(filesystem, directory, options);
      return new Issuing(authority, hostsOf(places));
    } catch (error) {
      throw error instanceof UnusableAuthority ? fault(error.message) : error;
    }
  }
}

function hasKeyStore(config: Pick<BrokerConfig, "ssl.keystore.location" | "ssl.keystore.key" | "ssl.keystore.certificate.chain">): boolean {
  return (
    config["ssl.keystore.location"] !== null || config["ssl.keystore.key"] !== null || config["ssl.keystore.certificate.chain"] !== null
  );
}

/** The settings of TLS listeners that have no stores of their own. */
export function issuedStores(config: BrokerConfig, addresses: readonly ListenerAddress[], { key, cert, ca }: IssuedStores): SettingInputs {
  const speaking = new Set(tlsListeners(config));
  const decided: Record<string, string> = {};
  for (const { name } of addresses.filter((address) => speaking.has(address.name))) {
    const settings = new ListenerTlsSettings(config, name);
    const isMissing = (...names: Parameters<ListenerTlsSettings["get"]>[0][]) => names.every((each) => settings.get(each) === null);
    const decide = (base: string, value: string) => {
      decided[listenerSettingName(name, base)] = value;
    };
    if (isMissing("ssl.keystore.location", "ssl.keystore.key", "ssl.keystore.certificate.chain")) {
      decide("ssl.keystore.type", "PEM");
      decide("ssl.keystore.key", key);
      decide("ssl.keystore.certificate.chain", cert);
    }
    if (isMissing("ssl.truststore.location", "ssl.truststore.certificates")) {
      decide("ssl.truststore.type", "PEM");
      decide("ssl.truststore.certificates", ca);
    }
  }
  return decided;
}

const LOCAL = ["localhost", "127.0.0.1", "::1"];

/** Where clients reach the brokers: what they are told, and what this machine is called. */
function hostsOf(places: readonly IssuingPlace[]): string[] {
  const told = places.flatMap(({ config, host }) => [
    host,
    ...clientListeners(config).map((address) => address.host),
    ...parseListeners("advertised.listeners", config["advertised.listeners"] ?? []).map((address) => address.host),
  ]);
  const isEveryInterface = told.some((host) => host === "0.0.0.0" || host === "::");
  const all = [...LOCAL, hostname(), ...told, ...(isEveryInterface ? ownAddresses() : [])].map((host) => host.replace(/^\[(.*)\]$/, "$1"));
  return [...new Set(all)].filter((host) => host !== "" && host !== "0.0.0.0" && host !== "::" && !isOfOneLink(host));
}

/** Clients on a listener of every interface are told the address that they came to. */
function ownAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((each) => each?.map(({ address }) => address) ?? []);
}

/** Such an address goes with the name of an interface, which no certificate can have. */
function isOfOneLink(host: string): boolean {
  return isIPv6(host) && (host.includes("%") || /^fe[89ab]/i.test(host));
}
