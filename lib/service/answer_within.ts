/** What `answer` resolves to, or undefined when it has not after `timeoutMs`; then nobody hears what becomes of it. */
export async function answerWithin<T>(answer: Promise<T>, timeoutMs: number): Promise<T | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<undefined>((resolve) => timer = setTimeout(resolve, timeoutMs, undefined));
  try {
    return await Promise.race([answer, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
