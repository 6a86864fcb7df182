import { bytesToHex } from "@noble/curves/utils.js";
import type { Bytes } from "../rows.ts";
import type { AnySnapshot, AuditQuery, Outdated, Query, SecretView, Snapshot } from "../store.ts";
import { malformed } from "./columns.ts";
import type { Result } from "./execute.ts";
import { parseList, parseOne, parsePaths, parseVersion, readAudit, readBundle, readKey } from "./parse-rows.ts";
import { readKeyCount, readKeyUse, readPathState, readPolicy, readSecret, readState, readStore } from "./parse-rows.ts";
import { withTail } from "./parse-rows.ts";
import { reads, verdicts } from "./read-statements.ts";
import { bind, type Bound, fill, type Statement, type Values } from "./statement.ts";

/** The one SELECT that answers a query, and how its result becomes the snapshot. */
export interface Reader<Q extends Query> {
  readonly statement: Bound;
  /** @throws StoreUnavailable also where the rest was not looked for */
  parse(result: Result): Snapshot<Q>;
  /** What tells that a commit has won: the store's row, and the entry of the query's write id. */
  parseWin(result: Result): Pick<AnySnapshot, "store" | "replay">;
}

/** @param options `unlessWon`: it stands behind a commit, and looks for the rest only if that has lost */
export function readerOf<Q extends Query>(query: Q, { unlessWon = false } = {}): Reader<Q> {
  const load = new Load(query, { always: !unlessWon });
  const { trust, secret, paths, policy, policies, bundle, bundles, chain } = query;
  const asked = load.ask(reads.asked);
  const store = load.ask(reads.store);
  const keys = load.ask(reads.keys);
  const trustRow = trust && load.ask(reads.trust);
  const trustTail = trust && load.ask(reads.trustTail);
  const view = secret && secretPart(load, secret);
  const pathList = paths && load.ask(paths.within === undefined ? reads.paths : reads.pathsWithin, pathValues(paths));
  const grants = query.grants && load.ask(reads.grants);
  const identityGrants = query.identityGrants && load.ask(reads.identityGrants, identityValues(query.identityGrants));
  const policyRow = policy && load.ask(reads.policy, { policy: policy.name });
  const policyTail = policy && load.ask(reads.policyTail);
  const policyList =
    policies && load.ask(reads.policies, { policiesAfter: policies.after, policiesLimit: policies.limit });
  const bundleRow = bundle && load.ask(reads.bundle, { bundleOf: bundle.trustDomain });
  const bundleTail = bundle && load.ask(reads.bundleTail);
  const bundleList = bundles && load.ask(reads.bundles, { bundlesAfter: bundles.after, bundlesLimit: bundles.limit });
  const audit = query.audit && load.ask(...auditPart(query.audit));
  const context = query.auditContext && load.ask(reads.auditContext, pageValues("context", query.auditContext));
  const chainTail = chain && load.ask(reads.chain, { chainOf: chain.resource });
  const keyUse = query.keyUse && load.ask(reads.keyUse);
  const keyCounts = query.keyCounts && load.ask(reads.keyCounts);
  const outdatedSecrets = query.outdatedSecrets && outdatedSecretsPart(load, query.outdatedSecrets);
  const outdatedPolicies =
    query.outdatedPolicies && load.ask(reads.outdatedPolicies, outdatedValues("name", query.outdatedPolicies));
  const outdatedBundles =
    query.outdatedBundles && load.ask(reads.outdatedBundles, outdatedValues("trust_domain", query.outdatedBundles));
  const outdatedDeletions =
    query.outdatedDeletions && load.ask(reads.outdatedDeletions, outdatedValues("resource", query.outdatedDeletions));
  const replay = query.writeId === undefined ? undefined : load.ask(reads.replay, { w: query.writeId });

  return {
    statement: load.statement(),
    parseWin(result) {
      const answer = new Answer(result);
      return {
        store: requireStore(answer.json(store)).row,
        replay: replay && parseOne(answer.json(replay), readAudit),
      };
    },
    parse(result) {
      const answer = new Answer(result);
      if (answer.cell(asked) !== 1) throw malformed("a snapshot was left out");
      const found = requireStore(answer.json(store));
      const snapshot: AnySnapshot = {
        now: found.now,
        store: found.row,
        newest: found.newest,
        keys: parseList(answer.json(keys), readKey),
        secret: view?.(answer),
        paths: pathList && parsePaths(answer.json(pathList)),
        grants: grants && parseList(answer.json(grants), withTail(readPolicy)),
        identityGrants: identityGrants && parseList(answer.json(identityGrants), withTail(readPolicy)),
        policy: policyRow &&
          policyTail && {
            row: parseOne(answer.json(policyRow), readPolicy),
            tail: parseOne(answer.json(policyTail), readAudit),
          },
        policies: policyList && parseList(answer.json(policyList), withTail(readPolicy)),
        trust: trustRow &&
          trustTail && {
            row: parseOne(answer.json(trustRow), readBundle),
            tail: parseOne(answer.json(trustTail), readAudit),
          },
        bundle: bundleRow &&
          bundleTail && {
            row: parseOne(answer.json(bundleRow), readBundle),
            tail: parseOne(answer.json(bundleTail), readAudit),
          },
        bundles: bundleList && parseList(answer.json(bundleList), withTail(readBundle)),
        audit: audit && parseList(answer.json(audit), readAudit),
        auditContext: context && parseList(answer.json(context), readAudit),
        chain: chainTail && { tail: parseOne(answer.json(chainTail), readAudit) },
        keyUse: keyUse && parseList(answer.json(keyUse), readKeyUse),
        keyCounts: keyCounts && parseList(answer.json(keyCounts), readKeyCount),
        outdatedSecrets: outdatedSecrets?.(answer),
        outdatedPolicies: outdatedPolicies && parseList(answer.json(outdatedPolicies), withTail(readPolicy)),
        outdatedBundles: outdatedBundles && parseList(answer.json(outdatedBundles), withTail(readBundle)),
        outdatedDeletions: outdatedDeletions && parseList(answer.json(outdatedDeletions), readAudit),
        replay: replay && parseOne(answer.json(replay), readAudit),
      };
      // Each part is there exactly when the query asked for it, which is what the type says.
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion
      return snapshot as Snapshot<Q>;
    },
  };
}

function requireStore(json: unknown) {
  const found = parseOne(json, readStore);
  if (found === undefined) throw malformed("no store row");
  return found;
}

/** A column of the answer. */
interface Part {
  readonly column: number;
}

/** The parts that a query asks for, on the way to becoming one statement. */
class Load {
  readonly #columns: string[] = [];
  readonly #args: Bound["args"];
  readonly #from: string;

  constructor({ grants, trust }: Query, { always }: { readonly always: boolean }) {
    const from = fromOf({ restricted: grants !== undefined, claimed: trust !== undefined });
    this.#from = from.escaped;
    const { args } = bind(from, {
      always,
      guardDomain: trust?.trustDomain ?? null,
      guardKey: trust?.keyId ?? null,
      idTags: hexList(grants?.idTags ?? []),
      pathTags: hexList(grants?.pathTags ?? []),
      grantLimit: grants?.limit ?? 0,
    });
    this.#args = args;
  }

  /** Adds a part; places that an earlier part has filled need not be filled again. */
  ask(part: Statement, values: Values = {}): Part {
    fill(this.#args, part.places, values);
    // Named: as names of columns without one, servers send back the SQL of each, which is more than what it gives.
    const column = this.#columns.length;
    this.#columns.push(`${part.escaped} AS c${column}`);
    return { column };
  }

  statement(): Bound {
    return { escaped: `SELECT ${this.#columns.join(", ")}${this.#from}`, args: this.#args };
  }
}

function fromOf({ restricted, claimed }: { readonly restricted: boolean; readonly claimed: boolean }): Statement {
  if (restricted) return claimed ? verdicts.provedAndGranted : verdicts.granted;
  return claimed ? verdicts.proved : verdicts.all;
}

/** The one row that a load gives. */
class Answer {
  readonly #row: Readonly<Record<number, unknown>>;

  constructor({ rows }: Result) {
    const [row] = rows;
    if (row === undefined) throw malformed("no store row: are the migrations applied?");
    if (rows.length > 1) throw malformed("more than one row");
    this.#row = row;
  }

  cell({ column }: Part): unknown {
    return this.#row[column];
  }

  json(part: Part): unknown {
    const text = this.cell(part);
    if (text === null) return null;
    if (typeof text !== "string") throw malformed(`column ${part.column} is no JSON`);
    try {
      return JSON.parse(text);
    } catch {
      throw malformed(`column ${part.column} is no JSON`);
    }
  }
}

function secretPart(load: Load, { path, version }: NonNullable<Query["secret"]>): (answer: Answer) => SecretView {
  const head = load.ask(reads.head, { path });
  const states = load.ask(version === "current" ? reads.statesIfLapsed : reads.states);
  const tail = load.ask(reads.tail);
  const row = version === "none" ? undefined : versionPart(load, version);
  return (answer) => {
    const found = parseList(answer.json(states), readState);
    return {
      head: parseOne(answer.json(head), readSecret),
      states: version === "current" && found.length === 0 ? undefined : found,
      version: row && parseVersion(answer.json(row.state), answer.cell(row.sealed)),
      tail: parseOne(answer.json(tail), readAudit),
    };
  };
}

function versionPart(load: Load, version: "current" | number): { readonly state: Part; readonly sealed: Part } {
  const { version: state, sealed } = version === "current" ? reads.current : reads.numbered;
  return { state: load.ask(state, version === "current" ? {} : { number: version }), sealed: load.ask(sealed) };
}

function outdatedSecretsPart(load: Load, asked: Outdated): (answer: Answer) => readonly SecretView[] {
  const heads = load.ask(reads.outdatedSecrets, outdatedValues("path", asked));
  const states = load.ask(reads.outdatedStates);
  return (answer) => {
    const versions = Map.groupBy(parseList(answer.json(states), readPathState), ({ path }) => path);
    return parseList(answer.json(heads), withTail(readSecret)).map(({ row, tail }) => ({
      head: row,
      states: (versions.get(row.path) ?? []).map(({ state }) => state),
      version: undefined,
      tail,
    }));
  };
}

function outdatedValues(name: string, { keyId, after, limit }: Outdated): Values {
  return {
    [`${name}_keyId`]: keyId,
    [`${name}_limit`]: limit,
    [`${name}_afterKey`]: after.keyId,
    [`${name}_afterName`]: after.name,
  };
}

function pathValues({ prefix, after, limit, within }: NonNullable<Query["paths"]>): Values {
  return { prefix, pathsAfter: after, pathLimit: limit, within: within === undefined ? null : JSON.stringify(within) };
}

function identityValues({ idTags, limit }: NonNullable<Query["identityGrants"]>): Values {
  return { identityTags: hexList(idTags), identityLimit: limit };
}

function auditPart({ resource, ...asked }: AuditQuery): [Statement, Values] {
  const { upTo = null, spiffeId = null, from = null, until = null } = asked;
  const values = { upTo, spiffeId, from, until, ...pageValues("audit", asked) };
  return resource === undefined ? [reads.audit, values] : [reads.auditOf, { ...values, auditOf: resource }];
}

function pageValues(name: string, asked: NonNullable<Query["auditContext"]>): Values {
  const { after, limit, aboveFloor = false } = asked;
  return { [`${name}_after`]: after, [`${name}_limit`]: limit, [`${name}_aboveFloor`]: aboveFloor };
}

function hexList(tags: readonly Bytes[]): string {
  return JSON.stringify(tags.map((tag) => bytesToHex(tag)));
}
