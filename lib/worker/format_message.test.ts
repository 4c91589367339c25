import { expect, setDefaultTimeout, test } from "bun:test";
import { formatMessage } from "./format_message.ts";

// Another process starts, which takes seconds on a busy machine.
setDefaultTimeout(120_000);

/** What `formatMessage` shall write as the runtime's console does: expressions, arguments each. */
const MESSAGES = [
  '"plain"',
  '"several", "strings"',
  '"100%"',
  '"%s and %d", "x", 3, "rest"',
  '"%s%s", "one"',
  '"%i %f %d", 1.9, "2.5", "x"',
  '"%j", { a: 1 }',
  '"%j", undefined',
  '"%o %O", { a: 1 }, [1]',
  '"%c red", "color: red"',
  '"%% %x %", 1',
  '"%s", null, undefined',
  '"%s", [1, 2]',
  '"%d", null',
  "1, true, null, undefined, 10n",
  "{ a: { b: { c: { d: 1 } } } }",
  "[1, 2, 3], new Map([[1, 2]]), new Set([1])",
  "new Date(0), /x/g, Symbol.iterator",
  "new Uint8Array(4)",
  "class A {}",
  "[undefined, null, -0]",
  "Object.create(null)",
  '{ text: "two\\nlines" }',
  '""',
  "",
];

test("messages look as the runtime's own console writes them", () => {
  const script = MESSAGES.map((values) => `console.log(${values}); console.log("\\0");`).join("\n");
  const { stdout } = Bun.spawnSync([process.execPath, "-e", script], { env: { NO_COLOR: "1" } });
  const expected = stdout.toString().split("\n\0\n").slice(0, -1);
  const found = MESSAGES.map((values) => formatMessage(new Function(`return [${values}]`)()));
  expect(found).toEqual(expected);
});

test("an error is written with its stack", () => {
  expect(formatMessage(["failed:", new TypeError("boom")])).toMatch(
    /failed:[\s\S]*TypeError: boom\n\s+at .*format_message/,
  );
});

test("no value can make a message throw", () => {
  const hostile = [
    new Proxy({}, {
      ownKeys: () => {
        throw new Error("no keys");
      },
    }),
    {
      get [Symbol.toStringTag]() {
        throw new Error("no tag");
      },
    },
    {
      [Symbol.for("nodejs.util.inspect.custom")]: () => {
        throw new Error("no inspection");
      },
    },
    {
      toString: () => {
        throw new Error("no text");
      },
      toJSON: () => {
        throw new Error("no document");
      },
    },
    {
      [Symbol.toPrimitive]: () => {
        throw new Error("no number");
      },
    },
    1n,
    Symbol("s"),
  ];
  for (const value of hostile) {
    for (const directive of ["", "%s", "%d", "%i", "%f", "%j", "%o"]) {
      expect(typeof formatMessage([directive, value])).toBe("string");
    }
  }
});
