/** What `installModules` needs from above. */
export interface ModulesOptions {
  /** The SDK's module namespace: what user code gets for `import ... from "cell"`. */
  sdk: object;
}

/** Makes "cell" and "cell:NAME" importable for every module that is loaded from now on. */
export function installModules(options: ModulesOptions): void {
  void options;
}
