import { pathOf, parseSpiffeId, type SpiffeId, trustDomainOf } from "../../src/identity/spiffe-id.ts";
import { CommandError } from "../command/command-error.ts";
import { parseCommandLine } from "../command/parse-command-line.ts";
import { DEV_AUDIENCE, DEV_TRUST_DOMAIN } from "../dev/identity.ts";
import { devDir } from "../dev/options.ts";
import { parseTtl } from "./parse-ttl.ts";

/** The token that `npm run token` is asked for. */
export interface TokenOptions {
  readonly sub: SpiffeId;
  readonly ttlSeconds: number;
  readonly aud: string;
  /** Absolute path of the folder of development files. */
  readonly dir: string;
}

export const TOKEN_USAGE = `Usage: npm run --silent token -- --sub spiffe://${DEV_TRUST_DOMAIN}/PATH [options]

Prints a token that the service started by "npm run dev" accepts, and nothing else.

  --sub ID      whose token it is: a SPIFFE ID of the trust domain ${DEV_TRUST_DOMAIN}
  --ttl TIME    how long it is good for: 30s, 15m, 2h, 1d (1h)
  --aud NAME    which service it is for                   (${DEV_AUDIENCE})
  --dir FOLDER  where the signing key is kept             (.dev, or SPIKE_DEV_DIR)
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
  if (sub === undefined) throw usage("Cannot mint a token: --sub is missing; see --help");
  const ttlSeconds = parseTtl(ttl);
  if (ttlSeconds === undefined) {
    throw usage(`Cannot use ${JSON.stringify(ttl)} as --ttl: it is no time such as 30s, 15m, 1h or 2d, up to a year`);
  }
  if (aud === "") throw usage('Cannot use "" as --aud: it names no service');
  return { sub: readSub(sub), ttlSeconds, aud, dir: devDir(dir, env) };
}

function readSub(text: string): SpiffeId {
  const refuse = (why: string): CommandError => usage(`Cannot use ${JSON.stringify(text)} as --sub: ${why}`);
  const id = parseSpiffeId(text);
  if (id === undefined) throw refuse(`it is no SPIFFE ID such as spiffe://${DEV_TRUST_DOMAIN}/app`);
  if (trustDomainOf(id) !== DEV_TRUST_DOMAIN) {
    throw refuse(`it is of another trust domain; the development key speaks for ${DEV_TRUST_DOMAIN} only`);
  }
  if (pathOf(id) === "") throw refuse("it has no path, and so names the trust domain itself instead of a caller");
  return id;
}

function usage(message: string): CommandError {
  return new CommandError(message, { exitCode: 2 });
}
