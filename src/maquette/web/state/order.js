/** Answers that come in another order than they were asked for. */

/** Gives what is called when something is asked for, and gives what says, when its answer comes,
 * whether that still counts: not where one that was asked for later has come before it.
 */
export function inOrder() {
  let asked = 0;
  let newest = 0;
  return () => {
    const mine = ++asked;
    return () => {
      const counts = mine > newest;
      if (counts) newest = mine;
      return counts;
    };
  };
}
