import { emptyModel, type Model } from './model';

/** The one model of the window. Views read it; only the session and the actions change it. */
export const model: Model = $state(emptyModel());
