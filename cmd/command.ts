import { Command, type CommandUnknownOpts } from "@commander-js/extra-typings";

/** A command line that `--help` shows, and what it does. */
export type Example = readonly [commandLine: string, explanation: string];

/** What `--help` shows beside usage, options and description. */
export interface HelpParts {
  description: string;
  examples: readonly Example[];
  /** Further paragraphs, after the examples. */
  notes?: string;
}

/** A parser for one command that throws instead of printing errors and ending the process. */
export function createCommand(name: string, help: HelpParts) {
  const parts = ["", "Examples:", ...help.examples.flatMap(exampleLines)];
  if (help.notes !== undefined) parts.push("", help.notes);
  return new Command(`cell ${name}`)
    .description(help.description)
    .helpOption("-h, --help", "show this help")
    .allowExcessArguments(false)
    .showSuggestionAfterError(true)
    .exitOverride()
    .configureHelp({ helpWidth: 80 })
    .configureOutput({
      writeOut: (text) => console.log(text.trimEnd()),
      writeErr: () => {},
      outputError: () => {},
    })
    .addHelpText("after", parts.join("\n"));
}

/** The command as `parse` and tab completion see it. */
export type AnyCommand = CommandUnknownOpts;

/** An explanation stands beside its command line where both fit, else above it. */
function exampleLines([commandLine, explanation]: Example): string[] {
  const beside = `  ${commandLine.padEnd(44)}  ${explanation}`;
  if (commandLine.length <= 44 && beside.length <= 80) return [beside];
  return [`  # ${explanation}`, `  ${commandLine}`];
}
