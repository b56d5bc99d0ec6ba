export { describeDamage, type McapDamage, McapError } from './damage.js';
export { createMcapFile, type McapFile, type McapFileOptions } from './file-writer.js';
export { type ScannedRecord, scanMcap } from './scan.js';
