import type { Way } from '../../state/reach';

/** How a way is drawn; the legend says which is which. */
export const LOOKS: Record<Way, 'unbroken' | 'joined' | 'dashed' | 'dotted'> = {
  direct: 'unbroken',
  carried: 'joined',
  through: 'dashed',
  none: 'dotted',
};
