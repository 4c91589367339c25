/** What the agent's process gives the agent. */
export interface RunNucleusOptions {
  /** Of this binary, for `status`. */
  readonly version: string;
  /** Takes the agent's own lines: stderr in the foreground, `logs/nucleus.log` when detached. */
  readonly log: (line: string) => void;
  /** Runs a worker; SERVICE, NUMBER, RELEASE and the package's SHA-256 are appended. */
  readonly workerCommand: readonly string[];
  /** What this process was started as: it is executed again when the binary was replaced. */
  readonly command: readonly string[];
  /** Prints the version of the binary at `command` and ends: asked before that is executed. */
  readonly versionCommand: readonly string[];
}
