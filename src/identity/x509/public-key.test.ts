import { describe, expect, it } from "vitest";
import { bitString, bytesOf, type Der, element, integer, objectIdentifier, sequence } from "./der.fixture.ts";
import { parseDer } from "./der.ts";
import { readPublicKey } from "./public-key.ts";
import { signingKey } from "./signing-key.fixture.ts";

const read = (spki: Der) => readPublicKey(parseDer(spki)!);

const NULL = element(0x05);
const RSA = sequence(objectIdentifier("1.2.840.113549.1.1.1"), NULL);
const ED25519 = sequence(objectIdentifier("1.3.101.112"));
const P256 = sequence(objectIdentifier("1.2.840.10045.2.1"), objectIdentifier("1.2.840.10045.3.1.7"));
const MODULUS = [0, 0x80, ...Array.from({ length: 255 }, () => 1)];
const EXPONENT = [1, 0, 1];

const rsa = (...numbers: readonly Der[]): Der => sequence(RSA, bitString(sequence(...numbers)));

describe("readPublicKey", () => {
  it.each<readonly [string, Parameters<typeof signingKey>[0], object]>([
    ["P-256", { type: "EC", curve: "P-256" }, { type: "EC", curve: "P-256" }],
    ["P-384", { type: "EC", curve: "P-384" }, { type: "EC", curve: "P-384" }],
    ["P-521", { type: "EC", curve: "P-521" }, { type: "EC", curve: "P-521" }],
    ["RSA", { type: "RSA" }, { type: "RSA" }],
    ["Ed25519", { type: "Ed25519" }, { type: "Ed25519" }],
  ])("reads a key of type %s and keeps its bytes", async (_, options, kind) => {
    const { spki } = await signingKey(options);
    expect(read(spki)).toEqual({ ...kind, spki });
  });

  it("accepts an RSA key only with two numbers of sufficient strength", () => {
    expect(read(rsa(integer(...MODULUS), integer(...EXPONENT)))?.type).toBe("RSA");
    const wrong: readonly Der[] = [
      rsa(integer(...MODULUS)),
      rsa(integer(...EXPONENT)),
      rsa(integer(...MODULUS), integer(...EXPONENT), integer(1)),
      rsa(integer(...MODULUS), NULL),
      rsa(NULL, integer(...EXPONENT)),
      rsa(integer(...MODULUS), integer(3)),
      rsa(integer(...MODULUS.slice(0, 129)), integer(...EXPONENT)),
      sequence(RSA, bitString(NULL)),
      sequence(RSA, bitString(bytesOf())),
    ];
    for (const spki of wrong) expect(read(spki)).toBeUndefined();
  });

  it("accepts an Ed25519 key only with 32 octets and its own identifier", () => {
    const octets = (count: number): Der => bitString(bytesOf(new Uint8Array(count).fill(7)));
    expect(read(sequence(ED25519, octets(32)))?.type).toBe("Ed25519");
    for (const count of [0, 31, 33]) expect(read(sequence(ED25519, octets(count)))).toBeUndefined();
    const ed448 = sequence(objectIdentifier("1.3.101.113"));
    expect(read(sequence(ed448, octets(32)))).toBeUndefined();
  });

  it("accepts only an uncompressed point of full length", () => {
    const point = (first: number, count: number): Der => bitString(bytesOf([first, ...new Uint8Array(count - 1)]));
    expect(read(sequence(P256, point(4, 65)))?.type).toBe("EC");
    for (const [first, count] of [
      [4, 64],
      [4, 66],
      [4, 97],
      [2, 33],
      [3, 65],
      [0, 65],
    ] as const) {
      expect(read(sequence(P256, point(first, count)))).toBeUndefined();
    }
  });

  it("accepts only an algorithm and a key", () => {
    const key = bitString(bytesOf(new Uint8Array(32)));
    for (const parts of [[ED25519], [key], [ED25519, key, NULL], [ED25519, NULL], [key, ED25519], [NULL, NULL]]) {
      expect(read(sequence(...parts))).toBeUndefined();
    }
    expect(read(NULL)).toBeUndefined();
  });
});
