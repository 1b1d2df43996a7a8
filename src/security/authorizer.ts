// Says what clients may do, by the rules of the cluster's image: Apache Kafka's StandardAuthorizer. Decisions are kept by principal, address,
// permission and name, and forgotten when the rules are others: a rule that is made or deleted holds at once, whatever connection or
// request is under way.

import { type Access, operationBits } from "./access.ts";
import { AclIndex } from "./acl-index.ts";
import { type Acl, CLUSTER_NAME } from "./acls.ts";
import { hostAddress } from "./host-address.ts";
import { type ClusterPermission, type Permission, permissionCodes, type ResourceTypeName } from "./permission.ts";

/** Beyond which all are forgotten. */
const MOST_DECISIONS = 50_000;
const MOST_CLIENTS = 10_000;
/** Names of more characters are decided on each time: clients may ask for any. No topic has more. */
const LONGEST_KEPT_NAME = 249;

type Rules = ReadonlyMap<string, Acl>;

/** Somebody was refused what they asked for. */
export interface Denial {
  readonly principal: string;
  readonly host: string;
  readonly permission: string;
  readonly name: string;
}

export interface AuthorizerOptions {
  /** Principals that may do everything. */
  readonly superUsers: ReadonlySet<string>;
  /** What no rule is about is everybody's. */
  readonly allowsWithoutRules: boolean;
  /** Another map when any of them is another. */
  readonly rules: () => Rules;
  /** Called when it is decided, and not each time that the decision is used. */
  readonly denied: (denial: Denial) => void;
}

export class Authorizer {
  readonly #options: AuthorizerOptions;
  #decisions: Decisions;
  #indexed: { readonly rules: Rules; readonly index: AclIndex } | undefined;

  constructor(options: AuthorizerOptions) {
    this.#options = options;
    this.#decisions = this.#noDecisions();
  }

  accessOf(principal: string, address: string): Access<Permission> {
    if (this.#decisions.areOver) this.#decisions = this.#noDecisions();
    return this.#decisions.accessOf(principal, address);
  }

  #noDecisions(): Decisions {
    return new Decisions(this.#options, () => this.#index());
  }

  /** Of the rules as they are now, for whoever asks: there may be very many. */
  #index(): AclIndex {
    const rules = this.#options.rules();
    if (this.#indexed?.rules !== rules) this.#indexed = { rules, index: new AclIndex(rules.values()) };
    return this.#indexed.index;
  }
}

/** What one set of rules comes to. */
class Decisions {
  readonly options: AuthorizerOptions;
  /** Of the rules as they are now. */
  readonly index: () => AclIndex;
  readonly #rules: Rules;
  readonly #clients = new Map<string, Map<string, Client>>();
  #last: Client | undefined;
  #clientCount = 0;
  #count = 0;

  constructor(options: AuthorizerOptions, index: () => AclIndex) {
    this.options = options;
    this.index = index;
    this.#rules = options.rules();
  }

  /** The rules are others, or too much is remembered of them. */
  get areOver(): boolean {
    return !this.holds || this.#count >= MOST_DECISIONS || this.#clientCount >= MOST_CLIENTS;
  }

  get holds(): boolean {
    return this.#rules === this.options.rules();
  }

  accessOf(principal: string, address: string): Client {
    // Whoever asked last asks next most often.
    if (this.#last?.is(principal, address) !== true)
      this.#last = this.#clients.get(principal)?.get(address) ?? this.#newClient(principal, address);
    return this.#last;
  }

  #newClient(principal: string, address: string): Client {
    const client = new Client(this, principal, address);
    this.#clientCount++;
    this.#clients.set(principal, (this.#clients.get(principal) ?? new Map<string, Client>()).set(address, client));
    return client;
  }

  /** Whether a decision is to be kept. */
  keeps(name: string): boolean {
    if (name.length > LONGEST_KEPT_NAME || !this.holds || this.#count >= MOST_DECISIONS) return false;
    this.#count++;
    return true;
  }
}

/** A principal at an address. */
class Client implements Access<Permission> {
  readonly #decisions: Decisions;
  readonly #principal: string;
  readonly #address: string;
  readonly #host: string;
  readonly #isSuper: boolean;
  /** By permission and name. */
  readonly #known = new Map<string, Map<string, boolean>>();
  readonly #somewhere = new Map<string, boolean>();

  constructor(decisions: Decisions, principal: string, address: string) {
    this.#decisions = decisions;
    this.#principal = principal;
    this.#address = address;
    this.#host = hostAddress(address);
    this.#isSuper = decisions.options.superUsers.has(principal);
  }

  is(principal: string, address: string): boolean {
    return this.#principal === principal && this.#address === address;
  }

  permits(permission: Permission, name: string): boolean {
    return this.#isAllowed(permission, name, true);
  }

  permitsOnCluster(permission: ClusterPermission): boolean {
    return this.#isAllowed(permission, CLUSTER_NAME, true);
  }

  permitsQuietly(permission: Permission, name: string): boolean {
    return this.#isAllowed(permission, name, false);
  }

  permitsOnClusterQuietly(permission: ClusterPermission): boolean {
    return this.#isAllowed(permission, CLUSTER_NAME, false);
  }

  permitsSomewhere(permission: Permission): boolean {
    const known = this.#decisions.holds ? this.#somewhere.get(permission) : undefined;
    if (known !== undefined) return known;
    const question = { ...permissionCodes(permission), principal: this.#principal, host: this.#host };
    // Kafka asks for a resource of this name first: a super user's, and everybody's where no rule is about it.
    const isAllowed = this.#isAllowed(permission, "hardcode", false) || this.#decisions.index().isAllowedSomewhere(question);
    if (this.#decisions.holds) this.#somewhere.set(permission, isAllowed);
    return isAllowed;
  }

  operationsOn(type: ResourceTypeName, name: string): number {
    return operationBits(type, (permission) => this.#isAllowed(permission, name, false));
  }

  #isAllowed(permission: string, name: string, isAskedFor: boolean): boolean {
    if (this.#isSuper) return true;
    const known = this.#decisions.holds ? this.#known.get(permission)?.get(name) : undefined;
    return known ?? this.#decide(permission, name, isAskedFor);
  }

  #decide(permission: string, name: string, isAskedFor: boolean): boolean {
    const { options } = this.#decisions;
    const [principal, host] = [this.#principal, this.#host];
    const verdict = this.#decisions.index().verdict({ ...permissionCodes(permission), principal, host }, name);
    const isAllowed = verdict === "allowed" || (verdict === "none" && options.allowsWithoutRules);
    if (!isAllowed && isAskedFor) options.denied({ principal, host, permission, name });
    if (this.#decisions.keeps(name)) {
      this.#known.set(permission, (this.#known.get(permission) ?? new Map<string, boolean>()).set(name, isAllowed));
    }
    return isAllowed;
  }
}
