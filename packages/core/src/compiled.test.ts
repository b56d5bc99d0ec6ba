import { expect, it } from 'vitest';
import { compiledSibling } from './index.js';

it('stays in the folder of a caller that is compiled', () => {
  expect(compiledSibling('file:///home/src/sim/dist/vector/env.js', 'worker.js')).toBe(
    'file:///home/src/sim/dist/vector/worker.js',
  );
});

it('finds the build of a caller that is a source', () => {
  expect(compiledSibling('file:///home/src/sim/src/vector/env.ts', 'worker.js')).toBe(
    'file:///home/src/sim/dist/vector/worker.js',
  );
  expect(compiledSibling('file:///home/policy/src/module.ts', 'module.js')).toBe('file:///home/policy/dist/module.js');
});
