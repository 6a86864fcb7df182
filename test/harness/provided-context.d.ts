import "vitest";

declare module "vitest" {
  interface ProvidedContext {
    /** Returns the URL of a new, empty database for each request. For tests inside workerd. */
    readonly databases: string;
  }
}
