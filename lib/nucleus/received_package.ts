import { CellError } from "../base/mod.ts";
import { storeArchive } from "../package/mod.ts";

/** Each may take a package's room on the disk before it is known whether it is one. */
const RECEIVING_MAX = 8;

let receiving = 0;

/**
 * Stores a package that another node has built. Throws INVALID_ARGUMENT when the content is not what the hash says,
 * RESOURCE_EXHAUSTED when it is too large, the disk is full or too many are being received, DEADLINE_EXCEEDED when
 * nothing comes any more; then nothing is left of it.
 */
export async function storeReceived(sha256: string, archive: AsyncIterable<Uint8Array>): Promise<void> {
  if (receiving >= RECEIVING_MAX) {
    throw new CellError(
      "RESOURCE_EXHAUSTED",
      `storing a package: ${RECEIVING_MAX} are being received already. Try again.`,
      {
        retryable: true,
        data: { started: false, limit: "RECEIVING_MAX" },
      },
    );
  }
  receiving++;
  try {
    await storeArchive(sha256, archive);
  } finally {
    receiving--;
  }
}
