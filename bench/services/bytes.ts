/** Gives back what it gets. */
export async function echo(bytes: Uint8Array) {
  return bytes;
}
