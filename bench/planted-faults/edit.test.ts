import { describe, expect, it } from "vitest";
import { applyEdit, type Edit } from "./edit.ts";

const file = "src/example.ts";
const edit = (place: Edit, source: string): string => applyEdit(source, place);

describe("body", () => {
  it.each([
    ["a function", "async function f(a: number): Promise<void> /* é 𝄞 */ ", "{ if (a) return; }", ""],
    ["a function in another format", "export function f(\n  b: string,\n  a: number,\n)\n", "{\n  return a;\n}", "\n"],
    ["an arrow function", "const f = (a: number): boolean => ", "{ return a > 0; }", ";"],
    ["an arrow function without braces", "const f = (a: number) => ", "a > 0", ";"],
    ["a method", "const store = { f() ", "{ return 1; }", " };"],
    ["a property", "const store = { f: async () => ", "{ return 1; }", " };"],
    ["a method of a class", "class Store { f() ", "{ return 1; }", " }"],
  ])("replaces the statements of %s", (_, before, body, after) => {
    expect(edit({ file, in: "f", body: "return 2;" }, before + body + after)).toBe(`${before}{return 2;}${after}`);
  });

  it.each([
    ["statements", "const f = () => { g(); };", "const f = () => {/**/ g(); };"],
    ["the value of an arrow function", "const f = () => ({});", "const f = () => {/**/return (({}));};"],
  ])("passes on %s", (_, source, changed) => {
    expect(edit({ file, in: "f", body: (body) => `/**/${body}` }, source)).toBe(changed);
  });

  it("replaces the statements of a private method", () => {
    const source = "class Store { f() {} #f() { return 1; } }";
    expect(edit({ file, in: "#f", body: "return 2;" }, source)).toBe("class Store { f() {} #f() {return 2;} }");
  });

  it("rejects what is not a function", () => {
    expect(() => edit({ file, in: "a", body: "" }, "const a = 1;")).toThrow(
      'Cannot edit "a" in src/example.ts: it is not a function',
    );
  });
});

describe("value", () => {
  it.each([
    ["a variable", "let a: number = 1, b = 1;", "let a: number = (2), b = 1;"],
    ["a property", 'const rows = [{ b: 1, a: f("a") }];', "const rows = [{ b: 1, a: (2) }];"],
    ["a shorthand property", "f({ a, b });", "f({ a: (2), b });"],
    ["a function", "const a = () => 1;", "const a = (2);"],
  ])("replaces the value of %s", (_, source, changed) => {
    expect(edit({ file, in: "a", value: "2" }, source)).toBe(changed);
  });

  it("passes the value in parentheses", () => {
    expect(edit({ file, in: "a", value: (value) => `!${value}` }, "const a = b || c;")).toBe("const a = (!(b || c));");
  });

  it.each(["function a() { return 1; }", "const o = { a() {} };"])("rejects a declared function: %s", (source) => {
    expect(() => edit({ file, in: "a", value: "2" }, source)).toThrow(
      'Cannot edit "a" in src/example.ts: it has no value',
    );
  });
});

describe("call", () => {
  it("replaces the call of a function", () => {
    expect(edit({ file, in: "f", call: "check", with: "true" }, "const f = async () => g(await check(1, [2]));")).toBe(
      "const f = async () => g(await (true));",
    );
  });

  it("replaces the call of a method, with or without ?.", () => {
    const call = { file, in: "f", call: "a.b.push", with: (call: string) => `${call} ?? 1` };
    expect(edit(call, "function f() { a.b.push(c); }")).toBe("function f() { ((a.b.push(c)) ?? 1); }");
    expect(edit(call, "function f() { a?.b.push(c); }")).toBe("function f() { ((a?.b.push(c)) ?? 1); }");
  });

  it("ignores calls of other functions, and calls in other functions", () => {
    const source = "function f() { b.check(); check2(); check(); } function g() { check(); }";
    expect(edit({ file, in: "f", call: "check", with: "1" }, source)).toBe(source.replace(" check()", " (1)"));
  });
});

describe("use", () => {
  it.each([
    ["a variable", "a", "const f = (c) => a + c;", "const f = (c) => (x) + c;"],
    ["a variable in a template", "a", "const f = () => sql`${a}`;", "const f = () => sql`${(x)}`;"],
    ["a variable of a shorthand property", "a", "const f = () => g({ a });", "const f = () => g({ a: (x) });"],
    ["a chain", "a.b", "const f = () => a.b.find(c);", "const f = () => (x).find(c);"],
    ["an optional chain", "a.b.c", "const f = () => a?.b.c ?? 0;", "const f = () => (x) ?? 0;"],
  ])("replaces %s", (_, use, source, changed) => {
    expect(edit({ file, in: "f", use, with: "x" }, source)).toBe(changed);
  });

  it.each([
    "function f(a: number, { b: a }: A) { return /**/a; }",
    "function f() { const { a } = b; return () => { let [a] = /**/a; }; }",
    "function f() { a = /**/a; }",
    "function f() { return [b.a, { a: 1 }, /**/a]; }",
    "function f() { return [g<a>(b as a), /**/a] satisfies a; }",
    "function f(): a { try { return /**/a; } catch (a) {} }",
    "const f = () => { interface A { a: string } type B = { a: a }; return /**/a; };",
  ])("ignores bindings, targets, names of properties, and types: %s", (source) => {
    expect(edit({ file, in: "f", use: "a", with: "x" }, source)).toBe(source.replace("/**/a", "/**/(x)"));
  });
});

describe("if", () => {
  it("replaces the condition that uses a variable or a chain", () => {
    const source = "async function f() { if (a) return a.b; else if (!(await b(c?.d))) return; }";
    expect(edit({ file, in: "f", if: "c.d", with: (condition) => `e && ${condition}` }, source)).toBe(
      "async function f() { if (a) return a.b; else if ((e && (!(await b(c?.d))))) return; }",
    );
    expect(edit({ file, in: "f", if: "a", with: "false" }, source)).toBe(source.replace("(a)", "((false))"));
  });
});

describe("append", () => {
  it("adds code to the end of the file", () => {
    expect(applyEdit("const a = 1;", { file, append: "const b = 2;" })).toBe("const a = 1;\nconst b = 2;\n");
  });
});

describe("in", () => {
  it("follows a path of declarations", () => {
    const source = "function f() { const b = { a: 1 }; } function g() { const b = { a: 2 }; }";
    expect(edit({ file, in: "f.b.a", value: "3" }, source)).toBe(source.replace("1", "(3)"));
    expect(edit({ file, in: "g.a", value: "3" }, source)).toBe(source.replace("2", "(3)"));
  });

  it("prefers a function to variables, and a variable to properties", () => {
    const source = "const s = { a() { const a = { a: 1 }; } };";
    expect(edit({ file, in: "a", body: "" }, source)).toBe("const s = { a() {} };");
    expect(edit({ file, in: "a.a", value: "2" }, source)).toBe("const s = { a() { const a = (2); } };");
    expect(edit({ file, in: "a.a.a", value: "2" }, source)).toBe("const s = { a() { const a = { a: (2) }; } };");
  });
});

it.each([
  [{ file, in: "g", body: "" }, 'Cannot edit "g" in src/example.ts: found 0 declarations of "g", expected 1'],
  [{ file, in: "f.b", value: "" }, 'Cannot edit "f.b" in src/example.ts: found 2 declarations of "b", expected 1'],
  [{ file, in: "f", call: "g", with: "" }, 'Cannot edit "f" in src/example.ts: found 2 calls of "g", expected 1'],
  [{ file, in: "f", use: "a.c", with: "" }, 'Cannot edit "f" in src/example.ts: found 0 uses of "a.c", expected 1'],
  [
    { file, in: "f", if: "a", with: "" },
    'Cannot edit "f" in src/example.ts: found 2 if statements that use "a", expected 1',
  ],
])("requires exactly one place: %o", (place, message) => {
  const source = "function f() { if (a) g({ b: 1 }); if (a.b) g({ b: 1 }); }";
  expect(() => edit(place, source)).toThrow(message);
});

it("rejects source with a syntax error", () => {
  expect(() => edit({ file, in: "f", body: "" }, "function f( {")).toThrow(`Cannot edit "${file}": `);
});
