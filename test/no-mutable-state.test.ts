import { globSync, readFileSync } from "node:fs";
import { type Expression, parseSync, type Super, type TSType, type VariableDeclarator } from "oxc-parser";
import { describe, expect, it } from "vitest";

/** Calls whose results are built once, from code only, and never change. */
const BUILDERS = new Set([
  "built",
  "sqliteTable",
  "operation",
  "secretOperation",
  "text",
  "createMiddleware",
  "compose",
  "sql",
  "sql.join",
  // Drizzle: `db` is a builder without a connection.
  "drizzle.mock",
  "db",
  "customType",
  "alias",
  "getTableColumns",
  "and",
  "eq",
  "exists",
  // Of src/store/libsql.
  "placeholder",
  "gate",
  "prepare",
  "setOfPlaceholders",
  "placesOf",
  "column",
  "bytesColumn",
  "jsonColumn",
  "partOf",
  "columnPart",
  "withSlots",
  "withTailsPart",
  "versionColumns",
  "auditPartOf",
  "pathPartOf",
  "fields",
  "joined",
  "mapped",
  "list",
  // Of src/runtime/formats.ts.
  "ruled",
]);

const IMMUTABLE_TYPES = new Set([
  "Readonly",
  "ReadonlySet",
  "ReadonlyMap",
  "ReadonlyArray",
  "Violation",
  "Fault",
  "Member",
  "Cursor",
  "ErrorMeaning",
  "CodeMeaning",
  "VisiblePaths",
  "SQL",
  "Json",
  "Wanted",
]);

/** Module-level declarations that could keep something of a request. */
function mutableState(file: string, source: string): string[] {
  const found: string[] = [];
  const { program } = parseSync(file, source);
  for (const node of program.body) {
    const declaration =
      node.type === "ExportNamedDeclaration" || node.type === "ExportDefaultDeclaration" ? node.declaration : node;
    if (declaration?.type === "VariableDeclaration" && !declaration.declare) {
      for (const declarator of declaration.declarations) {
        const name = source.slice(declarator.id.start, declarator.id.end);
        if (declaration.kind !== "const") found.push(`${declaration.kind} ${name}`);
        else if (!isImmutable(declarator, source)) found.push(`const ${name}`);
      }
    }
    if (declaration?.type === "ClassDeclaration") {
      for (const member of declaration.body.body) {
        if (member.type === "PropertyDefinition" && member.static && !member.readonly) found.push("static property");
      }
    }
  }
  return found;
}

function isImmutable({ id, init }: VariableDeclarator, source: string): boolean {
  const annotation = "typeAnnotation" in id ? id.typeAnnotation?.typeAnnotation : undefined;
  return init !== null && (isImmutableType(annotation) || isImmutableValue(init, source));
}

function isImmutableType(type: TSType | undefined): boolean {
  if (type?.type === "TSTypeOperator") return type.operator === "readonly";
  return (
    type?.type === "TSTypeReference" && type.typeName.type === "Identifier" && IMMUTABLE_TYPES.has(type.typeName.name)
  );
}

function isImmutableValue(value: Expression, source: string): boolean {
  switch (value.type) {
    case "Literal":
      // A global or sticky regular expression has a state: `lastIndex`.
      return !("regex" in value) || !/[gy]/.test(value.regex.flags);
    case "TemplateLiteral":
    case "ArrowFunctionExpression":
    case "FunctionExpression":
    case "Identifier":
    case "MemberExpression":
      return true;
    case "UnaryExpression":
      return isImmutableValue(value.argument, source);
    case "BinaryExpression":
      return (
        value.left.type !== "PrivateIdentifier" &&
        isImmutableValue(value.left, source) &&
        isImmutableValue(value.right, source)
      );
    case "AwaitExpression":
      return isImmutableValue(value.argument, source);
    case "TSAsExpression":
      return source.slice(value.typeAnnotation.start, value.typeAnnotation.end) === "const";
    case "TSSatisfiesExpression":
      return isImmutableValue(value.expression, source);
    case "CallExpression":
      return BUILDERS.has(source.slice(value.callee.start, value.callee.end)) || BUILDERS.has(rootOf(value.callee));
    case "TaggedTemplateExpression":
      return BUILDERS.has(source.slice(value.tag.start, value.tag.end));
    case "NewExpression":
      return source.slice(value.callee.start, value.callee.end) === "QueryBuilder";
    default:
      return false;
  }
}

/** `db` of `db.select().from(table).where(condition)`; empty for a plain call. */
function rootOf(callee: Expression | Super): string {
  if (callee.type !== "MemberExpression") return "";
  const { object } = callee;
  if (object.type === "Identifier") return object.name;
  return object.type === "CallExpression" ? rootOf(object.callee) : "";
}

describe("nothing is kept between requests", () => {
  const files = globSync("src/**/*.ts").filter(
    (file) => !/\.(test|fixture)\.ts$/.test(file) && !file.startsWith("src/store/memory/"),
  );

  it("finds the source files", () => {
    expect(files.length).toBeGreaterThan(40);
  });

  it.each(files)("%s keeps no mutable state at module level", (file) => {
    expect(mutableState(file, readFileSync(file, "utf8"))).toEqual([]);
  });

  it.each([
    "let cache;",
    "var a = 1;",
    "export let last: string | undefined;",
    "const seen = new Map();",
    "const seen: Map<string, string> = new Map();",
    "export const seen = new Set<string>();",
    "const list = [];",
    "const list: string[] = [];",
    "const holder = { value: 1 };",
    "const token = /a/g;",
    "const pending = fetch('x');",
    "const weak = new WeakMap();",
    "class A { static last = 1 }",
    "const [a, b] = [1, 2];",
  ])("reports %s", (source) => {
    expect(mutableState("planted.ts", source)).toHaveLength(1);
  });
});
