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

/** Help is no wider than the narrowest terminal that people use. */
const HELP_WIDTH = 80;

/** A parser for one command that throws instead of printing errors and ending the process. */
export function createCommand(name: string, help: HelpParts) {
  const parts = ["", "Examples:", ...exampleLines(help.examples)];
  if (help.notes !== undefined) parts.push("", help.notes);
  return new Command(`cell ${name}`)
    .description(help.description)
    .helpOption("-h, --help", "show this help")
    .allowExcessArguments(false)
    .showSuggestionAfterError(true)
    .exitOverride()
    .configureHelp({ helpWidth: HELP_WIDTH })
    .configureOutput({
      writeOut: (text) => console.log(text.trimEnd()),
      writeErr: () => {},
      outputError: () => {},
    })
    .addHelpText("after", parts.join("\n"));
}

/** The command as `parse` and tab completion see it. */
export type AnyCommand = CommandUnknownOpts;

/** Explanations stand beside the command lines, in one column, where all fit; else each stands above its own. */
function exampleLines(examples: readonly Example[]): string[] {
  const commandWidth = Math.max(...examples.map(([commandLine]) => commandLine.length));
  const beside = examples.map(([commandLine, explanation]) => `  ${commandLine.padEnd(commandWidth)}  ${explanation}`);
  if (beside.every((line) => line.length <= HELP_WIDTH)) return beside;
  return examples.flatMap(([commandLine, explanation]) => [`  # ${explanation}`, `  ${commandLine}`]);
}
