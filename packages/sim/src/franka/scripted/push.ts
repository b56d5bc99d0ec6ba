import { slideStyles } from './slide-styles.js';

export const pushStyles = slideStyles({ grip: 0.044, fork: 0.04, pushDistance: 0.024, height: 0.022, done: 0.008 });
