import { expect, it } from 'vitest';
import { readTestCounts } from './test-report.js';

const file = (status: string, ...tests: string[]) => ({
  status,
  assertionResults: tests.map((test) => ({ status: test })),
});

it('counts tests over files', () => {
  const report = { testResults: [file('passed', 'passed', 'skipped'), file('failed', 'failed', 'passed', 'pending')] };
  expect(readTestCounts(JSON.stringify(report))).toEqual({ passed: 2, failed: 1, skipped: 2 });
});

it('counts a file that cannot be loaded as a failure', () => {
  expect(readTestCounts(JSON.stringify({ testResults: [file('failed')] })).failed).toBe(1);
});

it.each([undefined, '', '{"testResults": 3}'])('counts the report %j as a failure', (text) => {
  expect(readTestCounts(text)).toEqual({ passed: 0, failed: 1, skipped: 0 });
});
