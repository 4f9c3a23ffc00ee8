// Acts on their way to Go. The screen shows an act before it is done, and Undo means the newest one that is seen: so a
// step through the history waits for what is on its way.

const flying = new Set<Promise<unknown>>();

/** Whether an act is on its way. */
export const inFlight = (): boolean => flying.size > 0;

/** Runs an act, and counts it until it has ended. */
export async function fly<T>(act: () => Promise<T>): Promise<T> {
  const going = act();
  flying.add(going);
  try {
    return await going;
  } finally {
    flying.delete(going);
  }
}

/** Runs a step once every act that was on its way before it has ended, well or not; counts as one itself. */
export function flyAfter<T>(step: () => Promise<T>): Promise<T> {
  const before = [...flying];
  return fly(async () => {
    await Promise.allSettled(before);
    return step();
  });
}
