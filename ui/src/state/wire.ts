import type { Calls } from '../gen/api';
import type { Host } from '../host/host';

let host: Host | null = null;
const underWay = new Set<Promise<unknown>>();

/** Sets the host once, at the start. */
export function connect(to: Host): void {
  host = to;
}

/** The host; a call before {@link connect} is a bug. */
export function door(): Host {
  if (!host) throw new Error('no host yet');
  return host;
}

/** A call of the contract; rejects with a Refusal. */
export function call<K extends keyof Calls>(name: K, args: Calls[K]['args']): Promise<Calls[K]['reply']> {
  const answer = door().call(name, args);
  const ended: Promise<unknown> = answer.then(
    () => underWay.delete(ended),
    () => underWay.delete(ended),
  );
  underWay.add(ended);
  return answer;
}

/** Resolves once all calls that are under way were answered. */
export async function settled(): Promise<void> {
  await Promise.all(underWay);
}
