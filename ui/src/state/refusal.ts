import { Refusal } from '../host/host';

/** Why a call was not carried out: a code of the contract, or `broken` for a fault of our own. */
export type RefusalCode = Refusal['code'];

/** The code of what a call or an action threw. */
export function codeOf(thrown: unknown): RefusalCode {
  return Refusal.from(thrown).code;
}
