const clockTime = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' });
const weekday = new Intl.DateTimeFormat(undefined, { weekday: 'short' });
const longDay = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' });
const longDayYear = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'long', year: 'numeric' });
const shortDate = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });
const numericDate = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', year: 'numeric' });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'medium' });

const DAY_MS = 86_400_000;

/** "14:02" */
export function timeOf(at: number): string {
  return clockTime.format(at);
}

/** The whole date and time, for a tooltip. */
export function wholeTime(at: number): string {
  return full.format(at);
}

/** "14:02" today, "Tue" within a week, "3 May" within the year, "3 May 2024" before. */
export function briefTime(at: number, now: number): string {
  const days = daysBetween(at, now);
  if (days <= 0) return timeOf(at);
  if (days < 7) return weekday.format(at);
  return sameYear(at, now) ? shortDate.format(at) : numericDate.format(at);
}

/** "Today", "Yesterday", "Friday 3 May", "3 May 2024". */
export function dayName(at: number, now: number): string {
  const days = daysBetween(at, now);
  if (days === 0) return 'Today';
  if (days === 1) return 'Yesterday';
  return sameYear(at, now) ? longDay.format(at) : longDayYear.format(at);
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
