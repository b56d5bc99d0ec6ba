export * from './ledger/index.js';
export * from './runs/index.js';
