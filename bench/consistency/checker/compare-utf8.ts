/** Order of two texts by their UTF-8 bytes: negative, 0 or positive. */
export function compareUtf8(one: string, other: string): number {
  const length = Math.min(one.length, other.length);
  for (let index = 0; index < length; index += 1) {
    const first = one.charCodeAt(index);
    const second = other.charCodeAt(index);
    if (first !== second) return rank(first) - rank(second);
  }
  return one.length - other.length;
}

/** Halves of pairs stand for characters above all single ones. */
function rank(unit: number): number {
  if (unit >= 0xe000) return unit - 0x800;
  return unit >= 0xd800 ? unit + 0x2000 : unit;
}
