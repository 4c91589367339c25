/**
 * Picks the command from the arguments and loads only that one: `cell --version` starts as fast as a program that does
 * nothing, and a running service carries no code of the other commands.
 */
import { COMMANDS } from "./cmd/commands.ts";
import { version } from "./package.json" with { type: "json" };

const [first, ...rest] = process.argv.slice(2);

if (first === "--version" || first === "-V" || first === "-v") {
  console.log(`cell ${version}`);
} else if (first === "--help" || first === "-h" || (first === "help" && rest.length === 0)) {
  const [{ helpText }, { stdoutStyle }] = await Promise.all([import("./cmd/help.ts"), import("./cmd/color.ts")]);
  console.log(helpText(version, stdoutStyle()));
} else {
  const { dispatch } = await import("./cmd/dispatch.ts");
  await dispatch(COMMANDS, first, rest, version);
}
