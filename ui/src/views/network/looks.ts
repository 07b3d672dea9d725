import type { Way } from '../../state/reach';

/** How a way is drawn; the legend says which is which. */
export const LOOKS: Record<Way, 'unbroken' | 'dashed' | 'dotted'> = {
  direct: 'unbroken',
  through: 'dashed',
  none: 'dotted',
};
