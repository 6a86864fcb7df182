import { type Node, parseSync } from "oxc-parser";
import { callsOf, type Declaration, declarationsOf, ifsUsing, isFunction, isShorthandValue, usesOf } from "./syntax.ts";

/**
 * Replacement code. A function gets the replaced code. Expressions are passed and inserted in parentheses, so operator precedence
 * does not matter.
 */
type Code = string | ((original: string) => string);

interface Place {
  readonly file: string;
  /**
   * A declared name, or a path such as `auditedWrite.decide`, in which each name is declared inside the previous one. Functions
   * take precedence over variables, and variables over properties.
   */
  readonly in: string;
}

/** A change at exactly one place in a source file. Names and syntax identify the place, so formatting and comments do not matter. */
export type Edit =
  /** Replaces the statements of a function. */
  | (Place & { readonly body: Code })
  /** Replaces the value of a variable or of an object property. */
  | (Place & { readonly value: Code })
  /** Replaces a call. `call` is the callee, such as `AbortSignal.any`. */
  | (Place & { readonly call: string; readonly with: Code })
  /** Replaces a variable or a chain of properties where it is used: `head.latest` also means `head?.latest`. */
  | (Place & { readonly use: string; readonly with: Code })
  /** Replaces the condition of the `if` statement that uses a variable or a chain of properties. */
  | (Place & { readonly if: string; readonly with: Code })
  /** Adds declarations to the end of the module. */
  | { readonly file: string; readonly append: string };

/** Returns the changed source. @throws Error unless the place exists exactly once */
export function applyEdit(source: string, edit: Edit): string {
  if ("append" in edit) return `${source}\n${edit.append}\n`;
  const { program, errors } = parseSync(edit.file, source);
  if (errors[0] !== undefined) throw new Error(`Cannot edit "${edit.file}": ${errors[0].message}`);
  const declaration = findDeclaration(program, edit);

  if ("body" in edit) return replaceBody(source, declaration, edit);
  if ("value" in edit) {
    if (!declaration.isValue) throw new Error(`${cannotEdit(edit)}: it has no value`);
    return replaceExpression(source, { program, node: declaration.node }, edit.value);
  }
  return replaceExpression(source, { program, node: findExpression(declaration.node, edit) }, edit.with);
}

function findDeclaration(program: Node, edit: Place): Declaration {
  let found: Declaration = { node: program, isValue: false };
  for (const name of edit.in.split(".")) {
    found = onlyOne(declarationsOf(found.node, name), `declarations of "${name}"`, edit);
  }
  return found;
}

function findExpression(scope: Node, edit: Extract<Edit, { readonly with: Code }>): Node {
  if ("call" in edit) return onlyOne(callsOf(scope, edit.call), `calls of "${edit.call}"`, edit);
  if ("use" in edit) return onlyOne(usesOf(scope, edit.use), `uses of "${edit.use}"`, edit);
  return onlyOne(ifsUsing(scope, edit.if), `if statements that use "${edit.if}"`, edit).test;
}

function onlyOne<T>(found: readonly T[], what: string, edit: Place): T {
  const [only, ...more] = found;
  if (only !== undefined && more.length === 0) return only;
  throw new Error(`${cannotEdit(edit)}: found ${found.length} ${what}, expected 1`);
}

function cannotEdit(edit: Place): string {
  return `Cannot edit "${edit.in}" in ${edit.file}`;
}

function replaceBody(source: string, { node }: Declaration, edit: Place & { readonly body: Code }): string {
  if (!isFunction(node)) throw new Error(`${cannotEdit(edit)}: it is not a function`);
  const { type, start, end } = node.body;
  const text = source.slice(start, end);
  const original = type === "BlockStatement" ? text.slice(1, -1) : `return (${text});`;
  return splice(source, { start, end }, `{${apply(edit.body, original)}}`);
}

function replaceExpression(source: string, at: { readonly program: Node; readonly node: Node }, code: Code): string {
  const text = source.slice(at.node.start, at.node.end);
  // `{ name }` becomes `{ name: (…) }`.
  const key = isShorthandValue(at.program, at.node) ? `${text}: ` : "";
  return splice(source, at.node, `${key}(${apply(code, `(${text})`)})`);
}

function apply(code: Code, original: string): string {
  return typeof code === "string" ? code : code(original);
}

function splice(source: string, span: { readonly start: number; readonly end: number }, text: string): string {
  return source.slice(0, span.start) + text + source.slice(span.end);
}
