/** The errno's name of an error of the operating system. */
export function errorCode(error: unknown): string | undefined {
  return (error as { code?: string }).code;
}
