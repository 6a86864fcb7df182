import { auditedWrite, type WriteOrigin } from "../commit/audited-write.ts";
import { isPermitted } from "../commit/is-permitted.ts";
import { type BundleKeys, parseTrustBundle } from "../identity/bundle/trust-bundle.ts";
import type { AuditRow } from "../store/rows.ts";
import type { BundleChange } from "../store/store.ts";
import { parseEndpointUrl } from "./endpoint.ts";
import { fail, invalidBundle, type TrustResult } from "./failure.ts";
import type { TrustDeps } from "./deps.ts";
import { sealBundle } from "./seal-bundle.ts";
import { parseStorableDomain } from "./storable-domain.ts";
import { EMPTY_BUNDLE, entriesOf, isOutdated, MAX_BUNDLE_CHARACTERS } from "./stored-bundle.ts";
import { MAX_ENTRIES, readSequence } from "./stored-bundle.ts";
import { replaceableBundle } from "./verify-bundle.ts";

/** A bundle as somebody wants it stored, in the protocol's words. */
interface WantedBundle {
  readonly trustDomain: string;
  /** SPIFFE bundle as JSON text. Undefined: the one that is stored, or an empty one, until the endpoint gives another. */
  readonly bundle: string | undefined;
  /** Empty: none. */
  readonly endpointUrl: string;
  /** Empty: `https_web`, the only one that there is. */
  readonly endpointProfile: string;
  /** Row version as the caller believes; 0 = none. */
  readonly cas: number | undefined;
}

/** `revision`: that of the commit, and the row version from now on. `ignored`: entries of no use, by their place. */
interface Put {
  readonly revision: number;
  readonly ignored: BundleKeys["ignored"];
}

/**
 * Stores the bundle of a trust domain, or replaces it. From this commit on every request sees it: identities whose keys are
 * gone are refused from the next one on, by every worker, and no write of theirs commits that is under way.
 *
 * An empty bundle trusts nobody. A bundle that is older than the stored one is refused, see {@link isOutdated}.
 *
 * @throws SealError, StoreUnavailable
 */
export async function putBundle(deps: TrustDeps, request: WriteOrigin & WantedBundle): Promise<TrustResult<Put>> {
  const checked = check(deps, request);
  if (!checked.ok) return (await isPermitted(deps)) ? invalidBundle(checked.detail) : fail("denied");
  const { trustDomain, keys } = checked;
  const { cas, bundle, endpointUrl, endpointProfile } = request;
  const write = {
    ...request,
    action: "put",
    resource: `bundle:${trustDomain}`,
    request: {
      label: "request",
      fields: ["bundle.put", trustDomain, cas ?? null, bundle ?? null, endpointUrl, endpointProfile],
    },
  };
  const result = await auditedWrite(deps, write, {
    query: { bundle: { trustDomain } },
    tailOf: (snapshot) => snapshot.bundle?.tail,
    parseOutcome: readSequence,
    async decide({ store, now, bundle: view }, { writeId, ring }) {
      const found = await replaceableBundle(deps.ring, store, { trustDomain, view, report: deps.reportBundle });
      if (cas !== undefined && cas !== (found?.version ?? 0)) return fail("version_conflict");
      const stored = found?.row;
      const next = keys ?? stored?.keys;
      // Of a row that somebody has touched, the audit still knows how far the sequence had come.
      const last = stored?.keys.sequence ?? (found && sequenceOf(view.tail));
      if (isOutdated({ sequence: next?.sequence }, { sequence: last })) return fail("bundle_outdated");
      const row = await sealBundle(ring, store.storeId, {
        trustDomain,
        writeId,
        epoch: store.epoch,
        bundle: bundle ?? stored?.row.bundle ?? EMPTY_BUNDLE,
        sequence: next?.sequence?.toString() ?? null,
        endpointUrl: endpointUrl === "" ? null : endpointUrl,
        endpointProfile: endpointUrl === "" ? null : "https_web",
        refreshHint: next?.refreshHint ?? null,
        fetchedAt: bundle === undefined ? (stored?.row.fetchedAt ?? null) : null,
      });
      const change: BundleChange = found ? { kind: "update", seen: found.version, row } : { kind: "create", row };
      const { auditFloor } = store;
      return {
        ok: true,
        change: { bundle: change },
        authority: { auditFloor },
        outcome: { sequence: row.sequence },
        now,
      };
    },
  });
  if (!result.ok) return result;
  return { ok: true, answer: { revision: result.answer.revision, ignored: keys?.ignored ?? [] } };
}

/** The `spiffe_sequence` that an entry, which is authentic, says that it wrote. */
function sequenceOf(tail: AuditRow | undefined): bigint | undefined {
  const written = tail && readSequence(JSON.parse(tail.outcome));
  return written === undefined || written.sequence === null ? undefined : BigInt(written.sequence);
}

type Checked =
  | { readonly ok: true; readonly trustDomain: string; readonly keys: BundleKeys | undefined }
  | { readonly ok: false; readonly detail: string };

/** What of a wanted bundle breaks a rule, in words that quote nothing but the trust domain. */
function check(deps: TrustDeps, wanted: WantedBundle): Checked {
  const domain = parseStorableDomain(deps, wanted.trustDomain);
  if (!domain.ok) return domain;
  const { trustDomain } = domain;
  const { bundle, endpointUrl, endpointProfile } = wanted;
  const refuse = (what: string): Checked => ({ ok: false, detail: `bundle of "${trustDomain}": ${what}` });
  if (endpointUrl === "" && endpointProfile !== "") return refuse("an endpoint profile without an endpoint URL");
  if (endpointUrl !== "" && parseEndpointUrl(endpointUrl) === undefined) {
    return refuse("the endpoint is no https URL without user, password and fragment");
  }
  if (endpointProfile !== "" && endpointProfile !== "https_web") {
    return refuse("the endpoint profile is not https_web: workers can't verify a server by its SPIFFE ID");
  }
  if (bundle === undefined) {
    return endpointUrl === "" ? refuse("neither a bundle nor an endpoint") : { ok: true, trustDomain, keys: undefined };
  }
  if (bundle.length > MAX_BUNDLE_CHARACTERS) return refuse(`it has more than ${MAX_BUNDLE_CHARACTERS} characters`);
  const keys = parseTrustBundle(bundle);
  if (!keys.ok) return refuse(`it ${keys.problem}`);
  return entriesOf(keys) > MAX_ENTRIES
    ? refuse(`it has more than ${MAX_ENTRIES} entries`)
    : { ok: true, trustDomain, keys };
}
