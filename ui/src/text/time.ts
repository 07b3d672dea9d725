interface Formats {
  zone: string;
  clockTime: Intl.DateTimeFormat;
  weekday: Intl.DateTimeFormat;
  longDay: Intl.DateTimeFormat;
  longDayYear: Intl.DateTimeFormat;
  shortDate: Intl.DateTimeFormat;
  numericDate: Intl.DateTimeFormat;
  full: Intl.DateTimeFormat;
}

/**
 * A format keeps the zone that it was made in, and computers travel: formats are kept for one zone
 * only.
 */
let kept: Formats | null = null;

/**
 * Formats for the zone where this computer is. The name of the zone only tells whether the formats
 * at hand are still good. They are not made from it: with an odd `TZ`, WebKit refuses its own name
 * for the zone (`Etc/Unknown`).
 */
function formatsOf(zone: string): Formats {
  if (kept?.zone !== zone) {
    const make = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(undefined, options);
    kept = {
      zone,
      clockTime: make({ timeStyle: 'short' }),
      weekday: make({ weekday: 'short' }),
      longDay: make({ weekday: 'long', day: 'numeric', month: 'long' }),
      longDayYear: make({ day: 'numeric', month: 'long', year: 'numeric' }),
      shortDate: make({ day: 'numeric', month: 'short' }),
      numericDate: make({ day: 'numeric', month: 'short', year: 'numeric' }),
      full: make({ dateStyle: 'full', timeStyle: 'medium' }),
    };
  }
  return kept;
}

/** Asking for the zone makes a format, too much for each line of a list. */
const ASK_EVERY_MS = 1_000;
let asked = { at: -Infinity, zone: '' };

/**
 * The zone of this computer now. A view that does not tick by itself passes `zone.name` instead,
 * and so follows it.
 */
function here(): string {
  const now = Date.now();
  if (Math.abs(now - asked.at) >= ASK_EVERY_MS)
    asked = { at: now, zone: new Intl.DateTimeFormat().resolvedOptions().timeZone };
  return asked.zone;
}

const DAY_MS = 86_400_000;

/** "14:02" */
export function timeOf(at: number, zone = here()): string {
  return formatsOf(zone).clockTime.format(at);
}

/** The whole date and time, for a tooltip. */
export function wholeTime(at: number, zone = here()): string {
  return formatsOf(zone).full.format(at);
}

/** "14:02" today, "Tue" within a week, "3 May" within the year, "3 May 2024" before. */
export function briefTime(at: number, now: number, zone = here()): string {
  const days = daysBetween(at, now);
  const formats = formatsOf(zone);
  if (days <= 0) return formats.clockTime.format(at);
  if (days < 7) return formats.weekday.format(at);
  return (sameYear(at, now) ? formats.shortDate : formats.numericDate).format(at);
}

/** "Today", "Tomorrow", "Yesterday", "Friday 3 May", "3 May 2024". */
export function dayName(at: number, now: number, zone = here()): string {
  const days = daysBetween(at, now);
  if (days === 0) return 'Today';
  if (days === -1) return 'Tomorrow';
  if (days === 1) return 'Yesterday';
  const formats = formatsOf(zone);
  return (sameYear(at, now) ? formats.longDay : formats.longDayYear).format(at);
}

/** "today, 14:02", "tomorrow, 14:02", "Friday 3 May, 14:02". */
export function datedWords(at: number, now: number, zone = here()): string {
  const days = daysBetween(at, now);
  const day = days === 0 || days === -1 ? dayName(at, now, zone).toLowerCase() : dayName(at, now, zone);
  return `${day}, ${timeOf(at, zone)}`;
}

/** "yesterday, 14:02", "on Friday 3 May, 14:02": in the middle of a sentence. */
export function whenWords(at: number, now: number, zone = here()): string {
  const isNear = Math.abs(daysBetween(at, now)) <= 1;
  const day = isNear ? dayName(at, now, zone).toLowerCase() : `on ${dayName(at, now, zone)}`;
  return `${day}, ${timeOf(at, zone)}`;
}

/** "8 s", "3 min", "2 h": how long until then; "now" when it has come. */
export function untilWords(at: number, now: number): string {
  const seconds = Math.ceil((at - now) / 1000);
  if (seconds <= 0) return 'now';
  if (seconds < 90) return `in ${seconds} s`;
  if (seconds < 90 * 60) return `in ${Math.round(seconds / 60)} min`;
  return `in ${Math.round(seconds / 3600)} h`;
}

function daysBetween(at: number, now: number): number {
  return Math.round((midnight(now) - midnight(at)) / DAY_MS);
}

function midnight(at: number): number {
  return new Date(at).setHours(0, 0, 0, 0);
}

function sameYear(a: number, b: number): boolean {
  return new Date(a).getFullYear() === new Date(b).getFullYear();
}
