import "vitest";

declare module "vitest" {
  interface ProvidedContext {
    /** URL of the database that tests inside workerd use. */
    readonly databaseUrl: string;
  }
}
