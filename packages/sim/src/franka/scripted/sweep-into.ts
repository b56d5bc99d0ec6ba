import { slideStyles } from './slide-styles.js';

export const sweepIntoStyles = slideStyles({ grip: 0.034, fork: 0.03, pushDistance: 0.029, height: 0.022, done: 0.01 });
