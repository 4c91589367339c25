import type { Style } from "./color.ts";
import { COMMANDS } from "./commands.ts";

const GROUPS = ["Services", "Types", "Tools"] as const;

/** Texts that `cell help TOPIC` shows beside the commands' own. */
export const TOPICS = ["exit-codes"] as const;

/** `cell --help`: one screen of 80 by 24. */
export function helpText(version: string, style: Style): string {
  const width = Math.max(...COMMANDS.map(({ usage }) => usage.length)) + 2;
  const groups = GROUPS.map((group) => {
    const lines = COMMANDS.filter((entry) => entry.group === group)
      .map(({ usage, summary }) => `  ${usage.padEnd(width)}${summary}`);
    return [style.bold(group), ...lines].join("\n");
  });
  return [
    `${style.bold(`cell ${version}`)}: a TypeScript file is a service`,
    "",
    ...groups,
    "",
    style.bold("Examples"),
    `  cell new hello && cell run hello/hello.ts`,
    `  cell call hello greet name=World`,
    `  cell call hello greet '{"name":"World"}' --timeout 500ms`,
    "",
    `\`cell COMMAND --help\` says more, \`cell help exit-codes\` what exit codes mean.`,
    `Data goes to stdout, everything else to stderr; listings take --json.`,
  ].join("\n");
}

/** `cell help exit-codes`. */
export const EXIT_CODES_TEXT = `Exit codes

  0  ok
  1  the call or the check failed
  2  wrong usage: an unknown command or option, a missing or malformed argument
  3  no such service, method or instance
  4  deadline exceeded
  5  refused: permission or identity

An error that a method throws exits with 1, whatever its code, except for
DEADLINE_EXCEEDED (4), PERMISSION_DENIED and UNAUTHENTICATED (5).
A closed stdout, as in \`cell ps | head -1\`, is no error.`;
