/** Arguments in which every stream is watched: one that was read from cannot be sent a second time. */
export interface WatchedArguments {
  readonly args: readonly unknown[];
  readonly areUntouched: () => boolean;
}

const always = () => true;

/** Wraps the streams among `args` that may be readable only once; without any, `args` itself is passed on. */
export function watchStreams(args: readonly unknown[]): WatchedArguments {
  if (!args.some((argument) => isAsyncStream(argument) || isGenerator(argument))) return { args, areUntouched: always };
  let isTouched = false;
  const watched = args.map((argument) => {
    if (isAsyncStream(argument)) {
      return {
        [Symbol.asyncIterator]: () => {
          isTouched = true;
          return argument[Symbol.asyncIterator]();
        },
      };
    }
    if (!isGenerator(argument)) return argument;
    return {
      [Symbol.iterator]: () => {
        isTouched = true;
        return argument[Symbol.iterator]();
      },
    };
  });
  return { args: watched, areUntouched: () => !isTouched };
}

function isAsyncStream(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
}

/** What can be iterated over only once, unlike an array or a set. */
function isGenerator(value: unknown): value is IterableIterator<unknown> {
  return typeof value === "object" && value !== null && Symbol.iterator in value && "next" in value;
}
