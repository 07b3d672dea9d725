import { createSubscriber } from 'svelte/reactivity';

const subscribe = createSubscriber((update) => {
  const timer = setInterval(update, 1000);
  return () => clearInterval(timer);
});

/** The time, to the second, for countdowns; ticks only while a view shows it. */
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

/** How long a change of the zone may go unseen while the window is looked at. */
const ZONE_MS = 10_000;

const subscribeZone = createSubscriber((update) => {
  let seen = zoneNow();
  const look = () => {
    const now = zoneNow();
    if (now !== seen) update();
    seen = now;
  };
  const timer = setInterval(look, ZONE_MS);
  // The computer may have travelled while the window was hidden, and hidden windows have slow
  // timers.
  addEventListener('focus', look);
  addEventListener('visibilitychange', look);
  return () => {
    clearInterval(timer);
    removeEventListener('focus', look);
    removeEventListener('visibilitychange', look);
  };
});

/**
 * The time zone of this computer, for what shows a time of day; tells only when it is another one.
 */
export const zone = {
  get name(): string {
    subscribeZone();
    return zoneNow();
  },
};

function zoneNow(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}
