import { emptyState, parseState, signState } from "../commit/store-row.ts";
import { equalBytes } from "../seal/equal-bytes.ts";
import type { KeyRing } from "../seal/key-ring.ts";
import type { AuditRow, Bytes, StoreRow } from "../store/rows.ts";
import type { AuditProblem } from "./audit-problem.ts";
import type { EntryCheck } from "./check-entry.ts";

/** A problem without its revision. `isLoss`: entries are missing or do not verify, so that it can be acknowledged. */
export interface EpochProblem {
  readonly kind: AuditProblem["kind"];
  readonly detail: string;
  readonly isLoss: boolean;
  /** The epochs that missing entries raised: the first and the last. */
  readonly missing?: readonly [first: number, last: number];
}

type Status = EntryCheck["status"];

/**
 * Checks which states of the store row the entries were decided on.
 *
 * An entry that raises the epoch wins only at the epoch that it was decided on. So these entries count the epochs: one that
 * was deleted is noticed even if another commit took its revision, and two that claim one epoch cannot both be real. Other
 * entries name the epoch at their `base`. Each entry also signs the MAC of the store row that it saw.
 */
export class EpochWalk {
  readonly #ring: KeyRing;
  readonly #storeId: string;
  /** The entry that was decided on an epoch and raised it, and the MAC of the store row that it led to, if known. */
  readonly #raising = new Map<number, { readonly revision: number; readonly state: Bytes | undefined }>();
  /** The MAC of the store row in an epoch, as the first entry that verifies saw it. */
  readonly #seen = new Map<number, Bytes>();
  /** The key of the store row after the newest entry so far that raised the epoch, as that entry claims; undefined if unknown. */
  #written: { readonly revision: number; readonly keyId: string | undefined } = { revision: 0, keyId: undefined };
  /** The epoch after the entries so far. */
  #epoch: number | undefined;
  /** From this epoch on, the entries that raised it are above the audit floor and cannot have been pruned. */
  #unpruned = Infinity;
  /** -1 before the first entry. */
  #floor = -1;

  constructor(ring: KeyRing, storeId: string) {
    this.#ring = ring;
    this.#storeId = storeId;
  }

  /** Adds an earlier entry. */
  async add(entry: AuditRow, { status, floor }: { readonly status: Status; readonly floor: number }): Promise<void> {
    this.#setFloor(floor);
    await this.#learn(entry, status);
  }

  /** Checks the next entry. */
  async check(
    entry: AuditRow,
    { status, floor }: { readonly status: Status; readonly floor: number },
  ): Promise<readonly EpochProblem[]> {
    this.#setFloor(floor);
    if (entry.base === 0 && this.#epoch === undefined) this.#epoch = 0;
    const problems = [...this.#checkEpoch(entry, status)];
    if (status === "authentic") problems.push(...(await this.#checkState(entry)));
    if (status !== "not_authentic") problems.push(...this.#checkKey(entry));
    await this.#learn(entry, status);
    return problems;
  }

  /** Checks that the last entry led to this store row. */
  async finish({ epoch, mac }: StoreRow): Promise<readonly EpochProblem[]> {
    if (this.#epoch === undefined || mac === null) return [];
    if (this.#epoch > epoch) {
      const detail = `the entries lead to epoch ${this.#epoch}, but the store has epoch ${epoch}`;
      return [{ kind: "broken_epoch", detail, isLoss: false }];
    }
    const expected = this.#stateIn(epoch);
    return [
      ...this.#missingBefore(epoch),
      ...(expected === undefined || equalBytes(expected, mac) ? [] : [brokenState(epoch)]),
    ];
  }

  /** A floor that is raised during the walk means that entries were pruned before the walk reached them. */
  #setFloor(floor: number): void {
    if (this.#floor !== floor) this.#unpruned = floor === 0 ? 0 : Infinity;
    this.#floor = floor;
  }

  *#checkEpoch(entry: AuditRow, status: Status): Iterable<EpochProblem> {
    const { epoch, base } = entry;
    const isLoss = status !== "authentic";
    if (this.#epoch === undefined) return;
    if (status === "not_authentic" && epoch !== this.#epoch) {
      // Nothing follows from an epoch that this service did not sign.
      if (epoch > this.#epoch) {
        yield { kind: "broken_epoch", detail: `was decided on epoch ${epoch}, expected ${this.#epoch}`, isLoss };
      }
      return;
    }
    yield* this.#missingBefore(epoch);
    const raising = this.#raising.get(epoch);
    if (entry.leadsTo !== null) {
      if (raising !== undefined) {
        const detail = `raised epoch ${epoch}, which the entry at revision ${raising.revision} raised already`;
        yield { kind: "forked_epoch", detail, isLoss };
      } else if (epoch < this.#epoch) {
        yield { kind: "broken_epoch", detail: `was decided on epoch ${epoch}, expected ${this.#epoch}`, isLoss };
      }
      return;
    }
    const before = this.#raising.get(epoch - 1);
    const isTooEarly = before !== undefined && before.revision > base;
    const isTooLate = raising !== undefined && raising.revision <= base;
    if (!isTooEarly && !isTooLate) return;
    yield {
      kind: "broken_epoch",
      detail: `was decided on epoch ${epoch}, which is not that of revision ${base}`,
      isLoss,
    };
  }

  /** The entries that must have led to an epoch. */
  *#missingBefore(epoch: number): Iterable<EpochProblem> {
    if (this.#epoch === undefined || epoch <= this.#epoch) return;
    const missing = Array.from({ length: Math.min(epoch - this.#epoch, MAX_LISTED) }, (_, index) => epoch - 1 - index)
      .filter((raised) => !this.#raising.has(raised) && raised >= this.#unpruned)
      .toSorted((a, b) => a - b);
    const [first] = missing;
    const last = missing.at(-1);
    this.#epoch = epoch;
    if (first === undefined || last === undefined) return;
    const detail =
      first === last ? `entry that raised epoch ${first} is` : `entries that raised epochs ${first} to ${last} are`;
    yield { kind: "broken_epoch", detail: `the ${detail} missing`, isLoss: true, missing: [first, last] };
  }

  async #checkState({ epoch, state, base, leadsTo }: AuditRow): Promise<readonly EpochProblem[]> {
    if (base === 0 || state === null) return base === 0 && state === null ? [] : [brokenState(epoch)];
    const expected = this.#stateIn(epoch);
    const fits =
      expected === undefined ? await this.#mayBeFirst(epoch, { state, leadsTo }) : equalBytes(expected, state);
    return fits ? [] : [brokenState(epoch)];
  }

  /**
   * A commit pins the key of the store row and is signed under it; a registration is under the key that it registers. Without this
   * check, an entry that was written later could claim a key that has left the ring, and nothing in it would be verified.
   */
  *#checkKey({ keyId, leadsTo, revision }: AuditRow): Iterable<EpochProblem> {
    const expected = leadsTo === null ? this.#written.keyId : (this.#keyIn(leadsTo) ?? "");
    if (expected === undefined || keyId === expected) return;
    // If a registration was lost, one problem is enough.
    if (this.#ring.keys.some(({ id }) => id === keyId)) this.#written = { revision, keyId };
    const detail = `is under key "${keyId}", but the store row was under key "${expected}"`;
    yield { kind: "broken_state", detail, isLoss: true };
  }

  /** Whether an entry may have seen the state that nothing else proves: in epoch 0, it was signed by the first commit. */
  async #mayBeFirst(
    epoch: number,
    { state, leadsTo }: { readonly state: Bytes; readonly leadsTo: string | null },
  ): Promise<boolean> {
    // A registration is under the new key, so the key of the first commit may have left the ring.
    if (epoch > 0 || leadsTo !== null) return true;
    const macs = await Promise.all(
      this.#ring.keys.map(async (key) => await signState(key, emptyState(this.#storeId, key.id))),
    );
    return macs.some((mac) => equalBytes(mac, state));
  }

  /** The MAC of the store row in an epoch, if known. */
  #stateIn(epoch: number): Bytes | undefined {
    return this.#raising.get(epoch - 1)?.state ?? this.#seen.get(epoch);
  }

  async #learn(entry: AuditRow, status: Status): Promise<void> {
    const { epoch, base, revision, leadsTo } = entry;
    if (status === "not_authentic" && epoch !== (this.#epoch ?? epoch)) return;
    if (status === "authentic" && entry.state !== null && !this.#seen.has(epoch)) this.#seen.set(epoch, entry.state);
    if (leadsTo !== null && !this.#raising.has(epoch)) {
      const state = status === "authentic" ? await this.#ledTo(leadsTo) : undefined;
      this.#raising.set(epoch, { revision, state });
    }
    if (leadsTo !== null && revision > this.#written.revision) {
      this.#written = { revision, keyId: status === "not_authentic" ? undefined : this.#keyIn(leadsTo) };
    }
    const reached = leadsTo === null ? epoch : epoch + 1;
    const knownAt = leadsTo === null ? base : revision;
    if (knownAt >= this.#floor) this.#unpruned = Math.min(this.#unpruned, reached);
    this.#epoch = Math.max(this.#epoch ?? 0, reached);
  }

  /** The key of the store row that an entry led to. Undefined if the text, which may not be verified, does not name one. */
  #keyIn(leadsTo: string): string | undefined {
    try {
      return parseState(this.#storeId, leadsTo)?.keyId;
    } catch {
      return undefined;
    }
  }

  /** The MAC of the store row that an entry led to. Undefined if the ring lacks its key. */
  async #ledTo(leadsTo: string): Promise<Bytes | undefined> {
    const state = parseState(this.#storeId, leadsTo);
    const key = this.#ring.keys.find(({ id }) => id === state?.keyId);
    return key && state && (await signState(key, state));
  }
}

function brokenState(epoch: number): EpochProblem {
  const detail = `saw another store row in epoch ${epoch} than the entries before it led to`;
  return { kind: "broken_state", detail, isLoss: false };
}

/** Bounds the work for an entry that claims a huge epoch. */
const MAX_LISTED = 100_000;
