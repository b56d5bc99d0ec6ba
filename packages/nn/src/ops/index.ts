export * from './elementwise.js';
export * from './images.js';
export * from './layout.js';
export * from './products.js';
export * from './reductions.js';
export * from './sequences.js';
