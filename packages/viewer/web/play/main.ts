import { showTheme } from '../state/theme.js';

showTheme();
await import('./page.js');
