import { list as listAudit } from "./audit/list.ts";
import { prune as pruneAudit } from "./audit/prune.ts";
import { verify as verifyAudit } from "./audit/verify.ts";
import { decrypt } from "./cipher/decrypt.ts";
import { encrypt } from "./cipher/encrypt.ts";
import { get as getBundle } from "./bundle/get.ts";
import { list as listBundles } from "./bundle/list.ts";
import { put as putBundle } from "./bundle/put.ts";
import { refresh } from "./bundle/refresh.ts";
import { remove as removeBundle } from "./bundle/delete.ts";
import { verify as verifyBootstrap } from "./bootstrap/verify.ts";
import { recover } from "./operator/recover.ts";
import { register } from "./operator/register.ts";
import { restore } from "./operator/restore.ts";
import { rewrap } from "./operator/rewrap.ts";
import { status } from "./operator/status.ts";
import { get as getPolicy } from "./policy/get.ts";
import { list as listPolicies } from "./policy/list.ts";
import { put as putPolicy } from "./policy/put.ts";
import { remove as removePolicy } from "./policy/delete.ts";
import type { AnyRoute } from "./route.ts";
import { get } from "./secret/get.ts";
import { list } from "./secret/list.ts";
import { metadata } from "./secret/metadata.ts";
import { put } from "./secret/put.ts";
import { remove } from "./secret/delete.ts";
import { undelete } from "./secret/undelete.ts";

/** By path, then by `?action=`: SPIKE selects the operation there, and every operation is a POST (its ADR-0012). */
export const ROUTES: Readonly<Record<string, Readonly<Record<string, AnyRoute>>>> = {
  "/v1/store/secrets": { "": put, get, delete: remove, undelete, list },
  "/v1/store/secrets/metadata": { get: metadata },
  // Ours: SPIKE's bundles come from its SPIRE agent.
  "/v1/trust/bundle": { "": putBundle, get: getBundle, delete: removeBundle, list: listBundles, refresh },
  "/v1/acl/policy": { "": putPolicy, get: getPolicy, delete: removePolicy, list: listPolicies },
  "/v1/cipher/encrypt": { "": encrypt },
  "/v1/cipher/decrypt": { "": decrypt },
  // Ours: SPIKE cannot rotate its root key.
  "/v1/operator/recover": { "": recover },
  "/v1/operator/restore": { "": restore },
  "/v1/bootstrap/verify": { "": verifyBootstrap },
  "/v1/operator/status": { "": status },
  "/v1/operator/register": { "": register },
  "/v1/operator/rewrap": { "": rewrap },
  // Ours: SPIKE keeps no audit that could be asked for.
  "/v1/audit": { list: listAudit, verify: verifyAudit, prune: pruneAudit },
};
