import {
  type ArrowFunctionExpression,
  type Function,
  type FunctionBody,
  type IfStatement,
  type Node,
  visitorKeys,
} from "oxc-parser";

/** A declared function, or the value of a variable or property. */
export interface Declaration {
  readonly node: Node;
  /** False for a declared function or method, which no other value can replace. */
  readonly isValue: boolean;
}

type FunctionWithBody = ArrowFunctionExpression | (Function & { readonly body: FunctionBody });

/**
 * Finds the functions of that name inside `scope`. If there are none, finds the variables, then the object properties. A function
 * may be a declaration, a method, or the value of a variable or property.
 */
export function declarationsOf(scope: Node, name: string): readonly Declaration[] {
  const functions: Declaration[] = [];
  const variables: Declaration[] = [];
  const properties: Declaration[] = [];
  for (const node of childrenOf(scope).flatMap(nodesIn)) {
    if (node.type === "FunctionDeclaration" && node.id?.name === name) {
      functions.push({ node, isValue: false });
    } else if (node.type === "VariableDeclarator" && nameOf(node.id) === name && node.init !== null) {
      (isFunction(node.init) ? functions : variables).push({ node: node.init, isValue: true });
    } else if (node.type === "Property" && !node.computed && nameOf(node.key) === name) {
      (isFunction(node.value) ? functions : properties).push({ node: node.value, isValue: !node.method });
    } else if (node.type === "MethodDefinition" && methodNameOf(node.key) === name && isFunction(node.value)) {
      functions.push({ node: node.value, isValue: false });
    }
  }
  return [functions, variables, properties].find(({ length }) => length > 0) ?? [];
}

/** Finds the calls of a function inside `scope`, by its name or chain of properties. */
export function callsOf(scope: Node, callee: string): readonly Node[] {
  return nodesIn(scope).filter((node) => node.type === "CallExpression" && nameOf(node.callee) === callee);
}

/** Finds where a variable or a chain of properties is used inside `scope`. */
export function usesOf(scope: Node, name: string): readonly Node[] {
  return nodesIn(scope).filter(
    (node) => (node.type === "Identifier" || node.type === "MemberExpression") && nameOf(node) === name,
  );
}

/** Finds the `if` statements inside `scope` whose conditions use a variable or a chain of properties. */
export function ifsUsing(scope: Node, name: string): readonly IfStatement[] {
  return nodesIn(scope).filter(
    (node): node is IfStatement => node.type === "IfStatement" && usesOf(node.test, name).length > 0,
  );
}

/** Whether `node` is the value in `{ name }`, which has no key of its own. */
export function isShorthandValue(scope: Node, node: Node): boolean {
  return nodesIn(scope).some((each) => each.type === "Property" && each.shorthand && each.value === node);
}

/** Whether `node` is a function with a body: overloads and `declare function` have none. */
export function isFunction(node: Node): node is FunctionWithBody {
  switch (node.type) {
    case "ArrowFunctionExpression":
    case "FunctionDeclaration":
    case "FunctionExpression":
      return node.body !== null;
    default:
      return false;
  }
}

/** The name of a variable, or of a chain of properties with or without `?.`. */
function nameOf(node: Node): string | undefined {
  switch (node.type) {
    case "Identifier":
      return node.name;
    case "ChainExpression":
      return nameOf(node.expression);
    case "MemberExpression": {
      const object = nameOf(node.object);
      return object === undefined || node.computed ? undefined : `${object}.${node.property.name}`;
    }
    default:
      return undefined;
  }
}

/** The name of a method, with the `#` of a private one. */
function methodNameOf(key: Node): string | undefined {
  return key.type === "PrivateIdentifier" ? `#${key.name}` : nameOf(key);
}

/** Parts of nodes in which an identifier is not a use: types, bindings, assignment targets and names of properties. */
const SKIPPED_PARTS: ReadonlySet<string> = new Set([
  "typeAnnotation",
  "returnType",
  "typeParameters",
  "typeArguments",
  "VariableDeclarator.id",
  "FunctionDeclaration.id",
  "FunctionDeclaration.params",
  "FunctionExpression.id",
  "FunctionExpression.params",
  "ArrowFunctionExpression.params",
  "ClassDeclaration.id",
  "CatchClause.param",
  "AssignmentExpression.left",
  "MemberExpression.property",
  "Property.key",
  "MethodDefinition.key",
  "PropertyDefinition.key",
]);

/** Nodes that contain only types or bindings. */
const SKIPPED_NODES: ReadonlySet<string> = new Set([
  "ImportDeclaration",
  "TSInterfaceDeclaration",
  "TSTypeAliasDeclaration",
]);

/** The node and everything in it, except types and bindings. */
function nodesIn(node: Node): readonly Node[] {
  return [node, ...childrenOf(node).flatMap(nodesIn)];
}

function childrenOf(node: Node): readonly Node[] {
  const computed = "computed" in node && node.computed;
  return (visitorKeys[node.type] ?? [])
    .filter((key) => !SKIPPED_PARTS.has(key) && (computed || !SKIPPED_PARTS.has(`${node.type}.${key}`)))
    .flatMap((key): unknown => Reflect.get(node, key))
    .filter(isNode)
    .filter(({ type }) => !SKIPPED_NODES.has(type));
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value;
}
