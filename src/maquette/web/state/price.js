/** What a request would cost: asked of the server, and not shown while it is not known. */
import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import * as api from "../api.js";
import { balance } from "./balance.js";

const PAUSE_MS = 150; // in typing

/** Prices by request, as far as they were asked for. */
const prices = signal({});

/** No price depends on the words, nor on the seed: none are sent, so that it is asked for once. */
const keyOf = (asked) =>
  JSON.stringify({ ...asked, prompt: "a picture", negative_prompt: "", seed: null });

/** Prices may have changed, as where the server was started anew. */
export const forgetPrices = () => (prices.value = {});

/** The price of a request in microcredits; undefined while it is not known. `asked` is null where
 * it cannot be asked for.
 */
export function usePrice(asked) {
  const key = asked && keyOf(asked);
  const price = prices.value[key];
  const isKnown = price !== undefined;
  useEffect(() => {
    if (!key || isKnown) return undefined;
    const timer = setTimeout(async () => {
      const answer = await api.quote(JSON.parse(key)).catch(() => null);
      if (answer) prices.value = { ...prices.value, [key]: answer.price_microcredits };
    }, PAUSE_MS);
    return () => clearTimeout(timer);
  }, [key, isKnown]);
  return price;
}

/** What a request of another medium would cost at most, in microcredits, and what does not fit, in
 * a line; {} while neither is known. `quote` asks the server for the price of what `key` says as
 * JSON, which is empty where nothing is asked for yet.
 */
export function useQuoteOf(quote, key) {
  const [answer, setAnswer] = useState({});
  useEffect(() => {
    setAnswer(({ price }) => (key ? { price } : {}));
    if (!key) return undefined;
    let counts = true;
    const timer = setTimeout(async () => {
      const told = await quote(JSON.parse(key)).then(
        ({ price_microcredits: price }) => ({ price }),
        (problem) => ([400, 422].includes(problem.status) ? { problem: problem.message } : {}),
      );
      if (counts) setAnswer(told);
    }, PAUSE_MS);
    return () => {
      counts = false;
      clearTimeout(timer);
    };
  }, [key]);
  return answer;
}

/** The price of a request as far as it is known by now. */
export const knownPrice = (asked) => prices.value[keyOf(asked)];

/** Whether there is not enough for a price, as far as both are known. */
export const lacksFor = (price) =>
  price !== undefined && balance.value !== null && price > balance.value.available_microcredits;
