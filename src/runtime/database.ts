import { invalid, type Parsed, valid } from "./parsed.ts";
import { type Env, readSettings, required, type Settings } from "./read-settings.ts";
import { isLoopback } from "./server-url.ts";

/** The address and the token of a libSQL server. */
export interface Database {
  /** An `http:` or `https:` URL that satisfies the `databaseUrl` format. */
  readonly url: string;
  readonly authToken: string | undefined;
}

/** The settings of the database from the environment of a command. */
export function readDatabase(env: Env): Parsed<Database> {
  return parseDatabase(readSettings(env));
}

/** Refuses to send the token in plain text to another machine, where anyone on the way could read it. */
export function parseDatabase(settings: Settings): Parsed<Database> {
  const url = required("LIBSQL_URL", settings.LIBSQL_URL);
  const { LIBSQL_AUTH_TOKEN: authToken, LIBSQL_ALLOW_PLAINTEXT: allowPlaintext } = settings;
  if (!url.ok) return url;
  if (!authToken.ok) return authToken;
  if (!allowPlaintext.ok) return allowPlaintext;
  if (sendsTokenInPlainText({ url: url.value, authToken: authToken.value }, allowPlaintext.value)) {
    return invalid(
      "LIBSQL_URL must use TLS, because LIBSQL_AUTH_TOKEN would be sent in plain text: use libsql: or https:, or set LIBSQL_ALLOW_PLAINTEXT to 1 in a private network",
    );
  }
  return valid({ url: url.value, authToken: authToken.value });
}

export function sendsTokenInPlainText({ url, authToken }: Database, allowPlaintext: "0" | "1"): boolean {
  return authToken !== undefined && isRemotePlaintext(url) && allowPlaintext === "0";
}

/** Warnings about a connection that an attacker on the network could abuse. */
export function databaseWarnings(
  { url, authToken }: Database,
  setting: "LIBSQL_URL" | "LIBSQL_REPLICA_URL" = "LIBSQL_URL",
): readonly string[] {
  if (isLoopback(new URL(url))) return [];
  const warnings = [];
  if (isRemotePlaintext(url)) {
    const exposed = authToken === undefined ? "stored data" : "the token and stored data";
    warnings.push(`${setting} does not use TLS: on the way to the database, others can read and change ${exposed}`);
  }
  if (authToken === undefined) {
    warnings.push(`LIBSQL_AUTH_TOKEN is not set: anyone who reaches the database at ${setting} can change it`);
  }
  return warnings;
}

function isRemotePlaintext(text: string): boolean {
  const url = new URL(text);
  return url.protocol === "http:" && !isLoopback(url);
}
