import { expect, test } from "bun:test";
import { splitCommandLine } from "./split_command_line.ts";

test("words are split as a shell splits them", () => {
  const cases: [string, string[]][] = [
    ["cell ", ["cell", ""]],
    ["cell ca", ["cell", "ca"]],
    ["cell  call   x ", ["cell", "call", "x", ""]],
    [`cell call x 'a b' "c d`, ["cell", "call", "x", "a b", "c d"]],
    ["cell a\\ b", ["cell", "a b"]],
    [`cell "a\\"b" ''`, ["cell", 'a"b', ""]],
    ["", [""]],
  ];
  for (const [line, words] of cases) expect(splitCommandLine(line), line).toEqual(words);
});
