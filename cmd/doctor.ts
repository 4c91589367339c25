import { examineMachine, type FindingStatus } from "../lib/machine/mod.ts";
import { stdoutStyle } from "./color.ts";
import { type AnyCommand, createCommand } from "./command.ts";
import { EXIT } from "./exit_code.ts";
import { printJson, printLines } from "./stdout.ts";

/** `cell doctor` */
export function command(): AnyCommand {
  return createCommand("doctor", {
    description: "Check what this machine and the home of Cell lack, and say what to do about it.",
    examples: [
      ["cell doctor", "one line per check"],
      ["cell doctor --json", "an array of { name, status, found, advice }"],
      ["CELL_HOME=/srv/cell cell doctor", "another home"],
    ],
    notes: "Exit code 1 if a check failed. A warning is none: services work, with limits.",
  })
    .option("--json", "print an array of objects")
    .action(async ({ json }) => {
      const style = stdoutStyle();
      const marks: Record<FindingStatus, string> = {
        ok: style.green("ok  "),
        warn: style.yellow("warn"),
        fail: style.red("FAIL"),
      };
      const findings = [];
      for await (const finding of examineMachine()) {
        findings.push(finding);
        if (json) continue;
        await printLines([
          `${marks[finding.status]}  ${finding.name.padEnd(16)}  ${finding.found}`,
          ...(finding.advice === undefined ? [] : [`      ${"".padEnd(16)}  ${style.bold(finding.advice)}`]),
        ]);
      }
      if (json) await printJson(findings);
      if (findings.some(({ status }) => status === "fail")) process.exitCode = EXIT.failed;
    });
}
