/** The name a file's service has unless `--name` says otherwise. */
export function serviceNameOf(file: string): string {
  return file;
}

/** Throws INVALID_ARGUMENT, with the rule and a valid suggestion, unless `name` may be a service's name. */
export function assertServiceName(name: string): void {
  void name;
}
