/** Arguments in which every stream is watched: one that was read from cannot be sent a second time. */
export interface WatchedArguments {
  readonly args: readonly unknown[];
  readonly areUntouched: () => boolean;
}

const always = () => true;

/** Wraps the streams among `args`; without any the arguments are passed on as they are. */
export function watchStreams(args: readonly unknown[]): WatchedArguments {
  if (!args.some(isAsyncIterable)) return { args, areUntouched: always };
  let isTouched = false;
  const watched = args.map((argument) => {
    if (!isAsyncIterable(argument)) return argument;
    return {
      [Symbol.asyncIterator]: () => {
        isTouched = true;
        return argument[Symbol.asyncIterator]();
      },
    };
  });
  return { args: watched, areUntouched: () => !isTouched };
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
}
