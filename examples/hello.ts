/** Greets whoever asks. */
export async function greet({ name }: { name: string }) {
  return { greeting: `Hello, ${name}!` };
}
