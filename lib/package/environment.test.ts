import { expect, test } from "bun:test";
import { checkEnvironment, parseEnvironment } from "./mod.ts";

test("an assignment is split at its first equals sign, and its value is taken as it is", () => {
  expect(parseEnvironment(["A=1", "B=a=b=", "C=", "D= x ", "E=line 1\nline 2\r\n", 'F="quoted"', "G=$HOME"])).toEqual({
    A: "1",
    B: "a=b=",
    C: "",
    D: " x ",
    E: "line 1\nline 2\r\n",
    F: '"quoted"',
    G: "$HOME",
  });
});

test("a later assignment wins over an earlier one, and both over the file", () => {
  expect(parseEnvironment(["A=2", "A=3"], "A=1\nB=1\nB=2\n")).toEqual({ A: "3", B: "2" });
});

test.each([
  ["KEY", '--env "KEY": expected NAME=VALUE, found no "=". Write --env KEY="$KEY"'],
  ["no name", '--env "no name": expected NAME=VALUE, found no "=". Write --env NAME=VALUE'],
  ["=value", "--env: a variable without a name: expected NAME=VALUE"],
  [
    "1A=x",
    '--env: "1A" is no name of a variable: expected letters, digits, underscores, dots and hyphens, and no digit first',
  ],
  ["A B=x", '--env: "A B" is no name of a variable'],
  ["A\0B=x", '--env: "A\\u0000B" is no name of a variable'],
  ["A=x\0y", "the environment: A: a value cannot hold a NUL character"],
  ["CELL_HOME=/tmp", '--env: "CELL_HOME": names that begin with CELL_ belong to cell itself'],
  ["BUN_BE_BUN=1", "--env: BUN_BE_BUN would keep the service from starting"],
])("the assignment %j is refused", (assignment, message) => {
  expect(() => parseEnvironment([assignment])).toThrow(message);
});

test("which transport a service's own calls take can be set like any other variable", () => {
  expect(parseEnvironment(["CELL_TRANSPORT=uds"])).toEqual({ CELL_TRANSPORT: "uds" });
});

test("names that mean something to JavaScript are variables like others", () => {
  const env = parseEnvironment(["__proto__=a", "constructor=b"], "toString=c\n");
  expect(Object.entries(env).sort()).toEqual([["__proto__", "a"], ["constructor", "b"], ["toString", "c"]]);
});

test("a file has assignments, comments, empty lines, exports and quotes", () => {
  const text = `\uFEFF# a comment
A=1
  B = two words   # a comment behind
export C='single # "quoted" \\n $X'
D="double \\"quoted\\" \\n tab\\t \\$X \\\\ \\x" # behind

E=
F=#x
G=a#b
H="first line
second line"
I='first
second'   
J=http://host/?q=1&r=2
	export	K=tab`;
  expect(parseEnvironment([], text)).toEqual({
    A: "1",
    B: "two words",
    C: 'single # "quoted" \\n $X',
    D: 'double "quoted" \n tab\t $X \\ \\x',
    E: "",
    F: "",
    G: "a#b",
    H: "first line\nsecond line",
    I: "first\nsecond",
    J: "http://host/?q=1&r=2",
    K: "tab",
  });
});

test("a file with Windows line ends means the same", () => {
  expect(parseEnvironment([], "A=1\r\nB=\"x\r\ny\"\r\n# c\r\n\r\nC='z'\r\n")).toEqual({ A: "1", B: "x\ny", C: "z" });
});

test.each([
  ["A=1\nsecret value\n", 'prod.env:2: expected NAME=VALUE, found no "="'],
  ["A=1\n\n=x\n", "prod.env:3: a variable without a name"],
  ["A B=1\n", 'prod.env:1: "A B" is no name of a variable'],
  ['A=1\nB="open\n\n', 'prod.env:2: the value of B has no closing "'],
  ["B='open\n\n", "prod.env:1: the value of B has no closing '"],
  ['B="a" b\n', 'prod.env:1: something follows the closing " of B'],
  ['A="x\ny" z\n', 'prod.env:2: something follows the closing " of A'],
  ["export CELL_INSTANCE=x", 'prod.env:1: "CELL_INSTANCE": names that begin with CELL_'],
])("a file with a mistake is refused with its line: %j", (text, message) => {
  expect(() => parseEnvironment([], text, "prod.env")).toThrow(message);
});

test("a line that is no assignment is not shown: it may be a part of a secret", () => {
  expect(() => parseEnvironment([], "hunter2\n")).not.toThrow("hunter2");
});

test("what no program can be started with is refused", () => {
  const long = "x".repeat(200_000);
  expect(() => parseEnvironment([`A=${long}`])).toThrow("Put the value into a file and give its path");
  const many = Array.from({ length: 2000 }, (_, index) => `V${index}=1`);
  expect(() => parseEnvironment(many)).toThrow("expected at most 1024 variables, found 2000");
  const large = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`V${index}`, "x".repeat(10_000)]));
  expect(() => checkEnvironment(large, "[cell.env]")).toThrow("[cell.env]: all variables together have");
});

test("a long text without an end of line, or with many quotes, is read in linear time", () => {
  const text = `A="${"\\\\".repeat(500_000)}"`;
  expect(() => parseEnvironment([], text)).toThrow("name and value have");
  expect(() => parseEnvironment([], "\n".repeat(5_000_000))).toThrow("expected at most 4194304 characters");
});
