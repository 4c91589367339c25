import { lastError } from "./errno.ts";
import { memoryFunctions } from "./memory_functions.ts";
import { ADD_SEALS, GET_SEALS, SEAL_SEALS, SEAL_SIZE } from "./platform.ts";

/**
 * Fixes the size of a memfd for ever (fcntl(2), F_SEAL_SHRINK and F_SEAL_GROW). Whoever could cut the file off would end
 * every process that has it mapped with SIGBUS.
 */
export function sealSize(fd: number): void {
  const { fcntl, errno } = memoryFunctions();
  if (fcntl(fd, ADD_SEALS, SEAL_SIZE | SEAL_SEALS) === -1) {
    throw lastError("sealing the size of shared memory", errno());
  }
}

/** Whether the size of an open file is fixed for ever. Files other than a memfd cannot be sealed. */
export function isSizeSealed(fd: number): boolean {
  const seals = memoryFunctions().fcntl(fd, GET_SEALS, 0);
  return seals !== -1 && (seals & SEAL_SIZE) === SEAL_SIZE;
}
