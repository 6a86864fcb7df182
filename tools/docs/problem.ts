/** What is wrong with a page, and where. */
export interface Problem {
  readonly line: number;
  readonly what: string;
}
