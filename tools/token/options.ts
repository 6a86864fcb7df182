import { pathOf, parseSpiffeId, type SpiffeId, trustDomainOf } from "../../src/identity/spiffe-id.ts";
import { type CommandError, usageError } from "../command/command-error.ts";
import { parseCommandLine } from "../command/parse-command-line.ts";
import { DEV_AUDIENCE, DEV_TRUST_DOMAIN } from "../dev/identity.ts";
import { devDir } from "../dev/options.ts";
import { parseTtl } from "./parse-ttl.ts";

/** The options of `npm run token`. */
export interface TokenOptions {
  readonly sub: SpiffeId;
  readonly ttlSeconds: number;
  readonly aud: string;
  /** Absolute path of the folder with the signing key. */
  readonly dir: string;
}

export const TOKEN_USAGE = `Usage: npm run --silent token -- --sub spiffe://${DEV_TRUST_DOMAIN}/PATH [options]

Prints a token for the service that "npm run dev" starts.

  --sub ID      SPIFFE ID of the caller, in the trust domain ${DEV_TRUST_DOMAIN}
  --ttl TIME    lifetime, such as 30s, 15m, 2h or 1d   (1h)
  --aud NAME    audience                               (${DEV_AUDIENCE})
  --dir FOLDER  folder of the signing key              (.dev, or SPIKE_DEV_DIR)
  --help        this text`;

/** @throws CommandError with exit code 2 */
export function readTokenOptions(args: readonly string[], env: NodeJS.ProcessEnv): TokenOptions | "help" {
  const given = parseCommandLine(args, {
    sub: { type: "string" },
    ttl: { type: "string" },
    aud: { type: "string" },
    dir: { type: "string" },
  });
  if (given === "help") return "help";
  const { sub, ttl = "1h", aud = DEV_AUDIENCE, dir } = given;
  if (sub === undefined) throw usageError("Cannot mint a token: --sub is missing; see --help");
  const ttlSeconds = parseTtl(ttl);
  if (ttlSeconds === undefined) {
    throw usageError(
      `Cannot use ${JSON.stringify(ttl)} as --ttl: expected a time such as 30s, 15m, 1h or 2d, up to a year`,
    );
  }
  if (aud === "") throw usageError('Cannot use "" as --aud: expected the name of a service');
  return { sub: readSub(sub), ttlSeconds, aud, dir: devDir(dir, env) };
}

function readSub(text: string): SpiffeId {
  const invalid = (why: string): CommandError => usageError(`Cannot use ${JSON.stringify(text)} as --sub: ${why}`);
  const id = parseSpiffeId(text);
  if (id === undefined) throw invalid(`expected a SPIFFE ID such as spiffe://${DEV_TRUST_DOMAIN}/app`);
  if (trustDomainOf(id) !== DEV_TRUST_DOMAIN) {
    throw invalid(`expected an ID of the trust domain ${DEV_TRUST_DOMAIN}, whose key this is`);
  }
  if (pathOf(id) === "") throw invalid("an ID without a path names a trust domain, not a caller");
  return id;
}
