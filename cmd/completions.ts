import { Argument } from "@commander-js/extra-typings";
import { type AnyCommand, createCommand } from "./command.ts";
import { print } from "./stdout.ts";

/** Every shell asks the binary itself what fits, so the scripts stay the same when commands change. */
const SCRIPTS = {
  bash: `# Tab completion of cell for bash: source <(cell completions bash)
_cell() {
  local kind="" line
  COMPREPLY=()
  # The line as it was typed: bash splits words at "=" and ":", cell does not.
  while IFS=$'\\t' read -r line _; do
    if [[ -z $kind ]]; then kind=$line; else COMPREPLY+=("$line"); fi
  done < <("$1" __complete line "\${COMP_LINE:0:COMP_POINT}" "$COMP_WORDBREAKS" 2>/dev/null)
  [[ $kind == files ]] && compopt -o default
  [[ \${#COMPREPLY[@]} -eq 1 && \${COMPREPLY[0]} == *[=/] ]] && compopt -o nospace
  return 0
}
complete -F _cell cell
`,
  zsh: `#compdef cell
# Tab completion of cell for zsh: source <(cell completions zsh)
_cell() {
  local -a lines values shown
  local line
  lines=("\${(@f)$("\${words[1]}" __complete words "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  for line in "\${(@)lines[2,-1]}"; do
    [[ -n $line ]] || continue
    values+=("\${line%%$'\\t'*}")
    if [[ $line == *$'\\t'* ]]; then shown+=("\${line%%$'\\t'*}  -- \${line#*$'\\t'}"); else shown+=("$line"); fi
  done
  if (( \${#values} == 1 )) && [[ \${values[1]} == *[=/] ]]; then
    compadd -S '' -a values
  elif (( \${#values} )); then
    compadd -l -d shown -a values
  fi
  [[ \${lines[1]} == files ]] && _files
}
if [[ $funcstack[1] == _cell ]]; then _cell "$@"; else compdef _cell cell; fi
`,
  fish: `# Tab completion of cell for fish: cell completions fish | source
function __cell_complete
  set -l words (commandline -opc)
  set -l reply ($words[1] __complete words $words[2..-1] (commandline -ct) 2>/dev/null)
  printf '%s\\n' $reply[2..-1]
  if test "$reply[1]" = files
    __fish_complete_path (commandline -ct)
  end
end
complete -c cell -f -a '(__cell_complete)'
`,
} as const;

const SHELLS = Object.keys(SCRIPTS) as (keyof typeof SCRIPTS)[];

/** `cell completions` */
export function command(): AnyCommand {
  return createCommand("completions", {
    description: "Print the tab completion of commands, options, services, methods and their arguments.",
    examples: [
      ["source <(cell completions bash)", "in ~/.bashrc"],
      ["source <(cell completions zsh)", "in ~/.zshrc, after compinit"],
      ["cell completions fish | source", "in ~/.config/fish/config.fish"],
    ],
  })
    .addArgument(new Argument("<shell>", "which shell").choices(SHELLS))
    .action(async (shell) => await print(SCRIPTS[shell]));
}
