import { createSubscriber } from 'svelte/reactivity';

const subscribe = createSubscriber((update) => {
  const timer = setInterval(update, 1000);
  return () => clearInterval(timer);
});

/** The time, to the second, for countdowns; ticks only while somebody looks. */
export const clock = {
  get now(): number {
    subscribe();
    return Date.now();
  },
};

const subscribeMinute = createSubscriber((update) => {
  const timer = setInterval(update, 30_000);
  return () => clearInterval(timer);
});

/** The time for words such as "today", which change at midnight. */
export const slowClock = {
  get now(): number {
    subscribeMinute();
    return Date.now();
  },
};
