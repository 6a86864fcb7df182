import {
  boolean,
  type Der,
  element,
  integer,
  namedBits,
  objectIdentifier,
  octetString,
  sequence,
  text,
} from "./der.fixture.ts";

/** Extensions by any name. One that is `undefined` is omitted. */
export type Extensions = Readonly<Record<string, Der | undefined>>;

export const SERVER_AUTH = "1.3.6.1.5.5.7.3.1";
export const CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";
export const ANY_USAGE = "2.5.29.37.0";

/** Bits of the key usage (RFC 5280, section 4.2.1.3). */
export const DIGITAL_SIGNATURE = 0;
export const KEY_ENCIPHERMENT = 2;
export const KEY_AGREEMENT = 4;
export const KEY_CERT_SIGN = 5;
export const CRL_SIGN = 6;

/** An extension with its value as DER. */
export function extension(oid: string, value: Uint8Array, critical = false): Der {
  return sequence(objectIdentifier(oid), ...(critical ? [boolean(true)] : []), octetString(value));
}

export function keyUsage(bits: readonly number[], critical = true): Der {
  return extension("2.5.29.15", namedBits(...bits), critical);
}

export function basicConstraints(
  { cA, pathLength }: { readonly cA: boolean; readonly pathLength?: number | undefined },
  critical = true,
): Der {
  const parts = [...(cA ? [boolean(true)] : []), ...(pathLength === undefined ? [] : [integer(pathLength)])];
  return extension("2.5.29.19", sequence(...parts), critical);
}

export function subjectAltName(names: readonly Uint8Array[], critical = false): Der {
  return extension("2.5.29.17", sequence(...names), critical);
}

export const uriName = (uri: string): Der => text(0x86, uri);
export const dnsName = (name: string): Der => text(0x82, name);

export function extendedKeyUsage(usages: readonly string[], critical = false): Der {
  return extension("2.5.29.37", sequence(...usages.map(objectIdentifier)), critical);
}

export function subjectKeyId(id: Uint8Array, critical = false): Der {
  return extension("2.5.29.14", octetString(id), critical);
}

export function authorityKeyId(id: Uint8Array, critical = false): Der {
  return extension("2.5.29.35", sequence(element(0x80, id)), critical);
}

/** URI name constraints: a host, as in RFC 5280, section 4.2.1.10. */
export function nameConstraints(permittedHost: string, critical = true): Der {
  const subtrees = element(0xa0, sequence(text(0x86, permittedHost)));
  return extension("2.5.29.30", sequence(subtrees), critical);
}
