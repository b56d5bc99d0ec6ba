import { z } from 'zod';
import { showTheme } from './state/theme.js';

// The page's content security policy forbids code made from text, which zod would try otherwise.
z.config({ jitless: true });
showTheme();
await import('./app.js');
