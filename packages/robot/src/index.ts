export * from './episodes/index.js';
export * from './graph/index.js';
export * from './recorder/index.js';
export * from './reward/index.js';
export * from './runner/index.js';
export * from './safety/index.js';
export * from './setup/index.js';
export * from './simulator/index.js';
