import type { DerElement } from "./der.ts";

const UTC_TIME = 0x17;
const GENERALIZED_TIME = 0x18;

/**
 * Milliseconds since 1970 of a UTCTime or GeneralizedTime in the form of RFC 5280, section 4.1.2.5: to the second, in UTC,
 * with a `Z`. A two-digit year from 50 on is in the 20th century. `undefined` for dates that do not exist.
 */
export function readTime(element: DerElement | undefined): number | undefined {
  if (element?.tag !== UTC_TIME && element?.tag !== GENERALIZED_TIME) return undefined;
  const text = String.fromCodePoint(...element.content);
  const full = element.tag === GENERALIZED_TIME ? text : `${Number(text.slice(0, 2)) < 50 ? "20" : "19"}${text}`;
  const iso = full.replace(/^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6.000Z");
  const time = iso === full ? Number.NaN : Date.parse(iso);
  // Date.parse turns 30 February and 24:00 into another day.
  return Number.isNaN(time) || new Date(time).toISOString() !== iso ? undefined : time;
}
