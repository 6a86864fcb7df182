/** Whether a line is one that a reader would paste into a terminal. */
export function looksLikeCommand(line: string): boolean {
  return /^\s*(?:\$ |(?:\w+=\S+ +)*(?:npm|npx|node|curl|wrangler|export) )/.test(line);
}
