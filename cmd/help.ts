import type { Style } from "./color.ts";
import { type CommandEntry, COMMANDS } from "./commands.ts";

const GROUPS = ["Services", "Node", "Cluster", "Development"] as const;

/** Texts that `cell help TOPIC` shows beside the commands' own. */
export const TOPICS = ["commands", "environment", "exit-codes"] as const;

const USAGE_WIDTH = Math.max(...COMMANDS.map(({ usage }) => usage.length)) + 2;

/** `cell --help`: one screen of 80 by 24, with a line for each command that a newcomer needs. */
export function helpText(version: string, style: Style): string {
  const groups = GROUPS.flatMap((group) => {
    const entries = COMMANDS.filter((entry) => entry.group === group);
    const others = entries.filter((entry) => !entry.isEssential).map(({ name }) => name);
    return [
      `${style.bold(group)}${" ".repeat(USAGE_WIDTH + 2 - group.length)}${style.dim("also:")} ${others.join(", ")}`,
      ...entries.filter((entry) => entry.isEssential).map(commandLine),
    ];
  });
  return [
    `${style.bold(`cell ${version}`)}: a TypeScript file is a service`,
    "",
    ...groups,
    "",
    style.bold("Examples"),
    "  cell new hello && cell run hello/hello.ts",
    "  cell up && cell deploy hello/hello.ts --instances 3 && cell ps",
    "",
    "`cell help commands` lists every command, `cell COMMAND --help` explains one.",
  ].join("\n");
}

/** `cell help commands`: every command with what it does. */
export function commandsText(style: Style): string {
  const groups = GROUPS.map((group) => {
    const lines = COMMANDS.filter((entry) => entry.group === group).map(commandLine);
    return [style.bold(group), ...lines, ""].join("\n");
  });
  return [
    ...groups,
    "`cell COMMAND --help` shows options and examples, `cell help exit-codes` what\n" +
    "exit codes mean, `cell help environment` the variables that are read. Data goes\n" +
    "to stdout, all else to stderr; listings take --json.",
  ].join("\n");
}

function commandLine({ usage, summary }: CommandEntry): string {
  return `  ${usage.padEnd(USAGE_WIDTH)}${summary}`;
}

/** `cell help environment`. */
export const ENVIRONMENT_TEXT = `Environment variables

  CELL_HOME           the home directory; ~/.cell without it
  CELL_TRANSPORT      what calls go over:
                      uds   a Unix socket: reaches this machine only
                      shm   shared memory, or connecting fails: likewise
                      quic, tls
                            the network, even to this machine
                      auto  as without it: here shared memory where it works,
                            once a connection has made some calls; to others
                            QUIC, else TLS, else TLS through their agent
  NO_COLOR, FORCE_COLOR, TERM=dumb
                      whether output has colours

What a client's own options say wins: connect("hello", { transport: "uds" }).`;

/** `cell help exit-codes`. */
export const EXIT_CODES_TEXT = `Exit codes

  0  ok
  1  the call or the check failed, or something is not as it should be
  2  wrong usage: an unknown command or option, a missing or malformed argument
  3  no such service, method or instance, or no agent
  4  deadline exceeded
  5  refused: permission or identity

An error that a method throws exits with 1, whatever its code, except for
DEADLINE_EXCEEDED (4), PERMISSION_DENIED and UNAUTHENTICATED (5).
A closed stdout, as in \`cell ps | head -1\`, is no error.`;
