import { acknowledge } from "./audit/acknowledge.ts";
import { list as listAudit } from "./audit/list.ts";
import { prune as pruneAudit } from "./audit/prune.ts";
import { verify as verifyAudit } from "./audit/verify.ts";
import { verify as verifyBootstrap } from "./bootstrap/verify.ts";
import { remove as removeBundle } from "./bundle/delete.ts";
import { get as getBundle } from "./bundle/get.ts";
import { list as listBundles } from "./bundle/list.ts";
import { put as putBundle } from "./bundle/put.ts";
import { refresh } from "./bundle/refresh.ts";
import { decrypt } from "./cipher/decrypt.ts";
import { encrypt } from "./cipher/encrypt.ts";
import type { Operation } from "./operation.ts";
import { rebuildTrie } from "./operator/rebuild-authority.ts";
import { rebuildStoreRow } from "./operator/rebuild-store.ts";
import { recover } from "./operator/recover.ts";
import { register } from "./operator/register.ts";
import { restored } from "./operator/restored.ts";
import { restore } from "./operator/restore.ts";
import { rewrap } from "./operator/rewrap.ts";
import { status } from "./operator/status.ts";
import { remove as removePolicy } from "./policy/delete.ts";
import { get as getPolicy } from "./policy/get.ts";
import { list as listPolicies } from "./policy/list.ts";
import { put as putPolicy } from "./policy/put.ts";
import { softDelete } from "./secret/delete.ts";
import { get as getSecret } from "./secret/get.ts";
import { list as listSecrets } from "./secret/list.ts";
import { metadata } from "./secret/metadata.ts";
import { put as putSecret } from "./secret/put.ts";
import { remove as removeSecret } from "./secret/remove.ts";
import { undelete } from "./secret/undelete.ts";

/**
 * Every operation by its path and its `?action=`. Every operation is a POST (SPIKE's ADR-0012). The empty action stands for
 * a URL without a query.
 */
export const OPERATIONS: Readonly<Record<string, Readonly<Record<string, Operation>>>> = {
  "/v1/store/secrets": {
    "": putSecret,
    get: getSecret,
    delete: softDelete,
    undelete,
    // SPIKE only soft-deletes.
    remove: removeSecret,
    list: listSecrets,
  },
  "/v1/store/secrets/metadata": { get: metadata },
  "/v1/acl/policy": { "": putPolicy, get: getPolicy, delete: removePolicy, list: listPolicies },
  "/v1/cipher/encrypt": { "": encrypt },
  "/v1/cipher/decrypt": { "": decrypt },
  "/v1/operator/recover": { "": recover },
  "/v1/operator/restore": { "": restore },
  "/v1/bootstrap/verify": { "": verifyBootstrap },
  // The following are ours. SPIKE gets bundles from its SPIRE agent.
  "/v1/trust/bundle": { "": putBundle, get: getBundle, delete: removeBundle, list: listBundles, refresh },
  // SPIKE cannot rotate its root key.
  "/v1/operator/status": { "": status },
  "/v1/operator/register": { "": register },
  "/v1/operator/rewrap": { "": rewrap },
  // SPIKE stores no audit, and does not verify what it stores.
  "/v1/operator/rebuild": { store: rebuildStoreRow, authority: rebuildTrie },
  // SPIKE does not notice that its database was restored.
  "/v1/operator/store": { restored },
  "/v1/audit": { list: listAudit, verify: verifyAudit, acknowledge, prune: pruneAudit },
};
