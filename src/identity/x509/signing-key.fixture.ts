import { bytesOf, type Der, element, integer, objectIdentifier, sequence, tagged } from "./der.fixture.ts";

const NULL = element(0x05);
const ECDSA_WITH = {
  "SHA-1": "1.2.840.10045.4.1",
  "SHA-256": "1.2.840.10045.4.3.2",
  "SHA-384": "1.2.840.10045.4.3.3",
  "SHA-512": "1.2.840.10045.4.3.4",
};
const RSA_WITH = {
  "SHA-1": "1.2.840.113549.1.1.5",
  "SHA-256": "1.2.840.113549.1.1.11",
  "SHA-384": "1.2.840.113549.1.1.12",
  "SHA-512": "1.2.840.113549.1.1.13",
};
const HASH = {
  "SHA-1": "1.3.14.3.2.26",
  "SHA-256": "2.16.840.1.101.3.4.2.1",
  "SHA-384": "2.16.840.1.101.3.4.2.2",
  "SHA-512": "2.16.840.1.101.3.4.2.3",
};
const SALT = { "SHA-1": 20, "SHA-256": 32, "SHA-384": 48, "SHA-512": 64 };

type Hash = keyof typeof HASH;

/** The type of a key and its signature algorithm. RSA exponent and length are options, so that tests can create weak keys. */
export type KeyOptions =
  | { readonly type: "EC"; readonly curve?: "P-256" | "P-384" | "P-521"; readonly hash?: Hash }
  | {
      readonly type: "RSA" | "RSA-PSS";
      readonly bits?: number;
      readonly exponent?: readonly number[];
      readonly hash?: Hash;
      /** For RSA-PSS. Default: the length of the hash. */
      readonly saltLength?: number;
    }
  | { readonly type: "Ed25519" };

/** A key pair that signs certificates. */
export interface SigningKey {
  /** SubjectPublicKeyInfo. */
  readonly spki: Der;
  readonly jwk: JsonWebKey;
  readonly privateKey: CryptoKey;
  /** The AlgorithmIdentifier of its signatures. */
  readonly algorithm: Der;
  /** Signs in the form that certificates use: for ECDSA, a SEQUENCE of two INTEGERs. */
  sign(data: Uint8Array<ArrayBuffer>): Promise<Der>;
}

/** A fresh key. Default: P-256 and SHA-256. */
export async function signingKey(options: KeyOptions = { type: "EC" }): Promise<SigningKey> {
  const { privateKey, publicKey } = await keyPair(options);
  const { d: _d, p: _p, q: _q, dp: _dp, dq: _dq, qi: _qi, ...jwk } = await crypto.subtle.exportKey("jwk", privateKey);
  return {
    spki: bytesOf(new Uint8Array(await crypto.subtle.exportKey("spki", publicKey))),
    jwk,
    privateKey,
    algorithm: algorithmOf(options),
    async sign(data) {
      const signature = new Uint8Array(await crypto.subtle.sign(parametersOf(options), privateKey, data));
      return options.type === "EC" ? ecdsaDer(signature) : bytesOf(signature);
    },
  };
}

/** The two halves of a raw ECDSA signature as DER (RFC 3279, section 2.2.3). */
function ecdsaDer(raw: Uint8Array): Der {
  const half = raw.length / 2;
  return sequence(integer(...raw.subarray(0, half)), integer(...raw.subarray(half)));
}

/** AlgorithmIdentifier of RSA-PSS (RFC 4055, section 3.1). */
export function pssAlgorithm(hash: Hash, { mgfHash = hash, saltLength = SALT[hash] } = {}): Der {
  const parameters = sequence(
    tagged(0, sequence(objectIdentifier(HASH[hash]), NULL)),
    tagged(1, sequence(objectIdentifier("1.2.840.113549.1.1.8"), sequence(objectIdentifier(HASH[mgfHash]), NULL))),
    tagged(2, integer(saltLength)),
  );
  return sequence(objectIdentifier("1.2.840.113549.1.1.10"), parameters);
}

function algorithmOf(options: KeyOptions): Der {
  switch (options.type) {
    case "EC":
      return sequence(objectIdentifier(ECDSA_WITH[options.hash ?? "SHA-256"]));
    case "RSA":
      return sequence(objectIdentifier(RSA_WITH[options.hash ?? "SHA-256"]), NULL);
    case "RSA-PSS": {
      const { hash = "SHA-256", saltLength = SALT[hash] } = options;
      return pssAlgorithm(hash, { saltLength });
    }
    case "Ed25519":
      return sequence(objectIdentifier("1.3.101.112"));
  }
}

async function keyPair(options: KeyOptions): Promise<CryptoKeyPair> {
  if (options.type === "Ed25519") return pairOf(await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"]));
  if (options.type === "EC") {
    const algorithm = { name: "ECDSA", namedCurve: options.curve ?? "P-256" };
    return await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  }
  const { bits = 2048, exponent = [1, 0, 1], hash = "SHA-256" } = options;
  const name = options.type === "RSA" ? "RSASSA-PKCS1-v1_5" : "RSA-PSS";
  const algorithm = { name, modulusLength: bits, publicExponent: bytesOf(exponent), hash };
  return await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
}

function pairOf(keys: CryptoKey | CryptoKeyPair): CryptoKeyPair {
  if ("privateKey" in keys) return keys;
  throw new Error("no key pair");
}

function parametersOf(options: KeyOptions): AlgorithmIdentifier | EcdsaParams | RsaPssParams {
  switch (options.type) {
    case "EC":
      return { name: "ECDSA", hash: options.hash ?? "SHA-256" };
    case "RSA":
      return { name: "RSASSA-PKCS1-v1_5" };
    case "RSA-PSS":
      return { name: "RSA-PSS", saltLength: options.saltLength ?? SALT[options.hash ?? "SHA-256"] };
    case "Ed25519":
      return { name: "Ed25519" };
  }
}
