import type { CipherDeps } from "../../../cipher/deps.ts";
import type { DepsSource } from "../operation.ts";

export function cipherDeps({ write, service }: DepsSource): CipherDeps {
  return { ...write, maxCipherBytes: service.maxCipherBytes };
}
