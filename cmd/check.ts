import { relative } from "node:path";
import { checkFiles, type Problem } from "../lib/project/mod.ts";
import { stderrStyle, stdoutStyle, type Style } from "./color.ts";
import { type AnyCommand, createCommand } from "./command.ts";
import { EXIT } from "./exit_code.ts";
import { say } from "./stderr.ts";
import { printJson, printLines } from "./stdout.ts";

/** `cell check` */
export function command(): AnyCommand {
  return createCommand("check", {
    description: "Check that what files export can cross the wire, that their types are right, and that " +
      'their calls fit the services they import from "cell:NAME" as these run now.',
    examples: [
      ["cell check hello.ts", "one file, and what it imports"],
      ["cell check *.ts --offline", "against .cell/types as it is"],
      ["cell check shop.ts --json", "problems for a program"],
    ],
    notes: "Problems go to stdout as FILE:LINE:COLUMN, and exit with 1. The declarations of\n" +
      "the services are written to .cell/types, for editors and --offline.",
  })
    .argument("<files...>", "TypeScript files")
    .option("--offline", "do not ask running services; use what .cell/types has")
    .option("--json", "print { files, services, problems }")
    .action(async (files, { offline, json }) => {
      const report = await checkFiles(files, { offline: offline === true });
      if (json) await printJson(report);
      else {
        await printLines(report.problems.flatMap((problem) => problemLines(problem, stdoutStyle())));
        say(summary(report.problems.length, files, report.services.map(({ name }) => name), stderrStyle()));
      }
      if (report.problems.length > 0) process.exitCode = EXIT.failed;
    });
}

function problemLines(problem: Problem, style: Style): string[] {
  const { file, line, column, code, message, hint, excerpt } = problem;
  const place = file === undefined ? "" : `${shortPath(file)}:${line}:${column}: `;
  return [
    `${style.bold(place)}${message}${code === undefined ? "" : style.dim(` (${code})`)}`,
    ...(hint === undefined ? [] : [style.cyan(`    ${hint}`)]),
    ...(excerpt === undefined ? [] : excerpt.split("\n").map((text) => style.dim(`    ${text}`))),
    "",
  ];
}

function summary(problems: number, files: readonly string[], services: readonly string[], style: Style): string {
  const what = files.length === 1 ? files[0]! : `${files.length} files`;
  const against = services.length === 0 ? "" : `, checked against ${services.join(", ")}`;
  if (problems === 0) return `${style.green("ok")}: ${what}${against}`;
  return `${style.red(`${problems} ${problems === 1 ? "problem" : "problems"}`)} in ${what}${against}`;
}

function shortPath(file: string): string {
  const short = relative(process.cwd(), file);
  return short === "" || short.startsWith("..") ? file : short;
}
