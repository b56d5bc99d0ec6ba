export * from './messages.js';
export * from './play.js';
export * from './scene.js';
