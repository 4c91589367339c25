import { COMMAND, type CommandMachine, until } from "../../test/harness/mod.ts";

/** Of a terminal's local flags: off while keys come as they are pressed (termios(3)). */
const ICANON = 2;

/** A command in a terminal of its own, with what it has sent to it. */
export class OnTerminal implements AsyncDisposable {
  readonly #decoder = new TextDecoder();
  readonly #terminal: Bun.Terminal;
  readonly #child: Bun.Subprocess;
  sent = "";

  constructor(machine: CommandMachine, args: string[], { columns = 100, rows = 20, term = "xterm" } = {}) {
    this.#terminal = new Bun.Terminal({
      cols: columns,
      rows,
      data: (_, data) => (this.sent += this.#decoder.decode(data, { stream: true })),
    });
    this.#child = Bun.spawn([...COMMAND, ...args], {
      terminal: this.#terminal,
      cwd: machine.folder,
      env: { ...machine.environment(), TERM: term },
    });
  }

  press(keys: string): void {
    this.#terminal.write(keys);
  }

  /** A shell's terminal sends the signal itself; the child of a test has no session on this one. */
  resize(columns: number, rows: number): void {
    this.#terminal.resize(columns, rows);
    this.#child.kill("SIGWINCH");
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Whether keys come as they are pressed. */
  get isRaw(): boolean {
    return (this.#terminal.localFlags & ICANON) === 0;
  }

  /** Resolves when the text has been sent. */
  async shows(text: string): Promise<void> {
    await until(() => this.sent.includes(text), `the terminal to show ${JSON.stringify(text)}`);
  }

  exited(): Promise<number> {
    return this.#child.exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.exited;
    this.#terminal.close();
  }
}
