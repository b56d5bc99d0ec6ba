import { expect, it } from 'vitest';
import { formatDuration, plainReporter, RemainingTime } from './progress.js';

function reporterAt(clock: { seconds: number }) {
  const lines: string[] = [];
  const reporter = plainReporter({ write: (text: string) => lines.push(text) }, () => clock.seconds);
  return { lines, reporter };
}

it('prints a line at the start, then every five seconds, and the end', () => {
  const clock = { seconds: 0 };
  const { lines, reporter } = reporterAt(clock);
  for (let done = 0; done <= 120; done++) {
    clock.seconds = done / 10;
    reporter.progress({ label: 'training', done, total: 120 });
  }
  expect(lines).toEqual([
    'training 0/120\n',
    'training 50/120, 7 s left\n',
    'training 100/120, 2 s left\n',
    'training 120/120\n',
  ]);
});

it('starts the clock anew for other work and shows its numbers', () => {
  const clock = { seconds: 100 };
  const { lines, reporter } = reporterAt(clock);
  reporter.progress({ label: 'a', done: 1, total: 2 });
  clock.seconds = 101;
  reporter.progress({ label: 'b', done: 1, total: 3, values: { loss: 0.123456, step: 4 } });
  expect(lines).toEqual(['a 1/2\n', 'b 1/3  loss 0.1235  step 4\n']);
});

it.each([
  [59.4, '59 s'],
  [125, '2 min 5 s'],
  [7260, '2 h 1 min'],
])('writes %d seconds as %s', (seconds, expected) => {
  expect(formatDuration(seconds)).toBe(expected);
});

it('knows no remaining time before the first unit and after the last', () => {
  const time = new RemainingTime();
  expect(time.describe(0, 10, 3)).toBe('');
  expect(time.describe(10, 10, 6)).toBe('');
});

it('counts only what is done while it looks, and goes on when only the label changes', () => {
  const time = new RemainingTime();
  expect(time.describe(500, 1000, 20)).toBe('');
  expect(time.describe(600, 1000, 30)).toBe('40 s left');
  expect(time.describe(700, 1000, 50)).toBe('45 s left');
  expect(time.describe(0, 1000, 60)).toBe('');
  expect(time.describe(1, 1000, 61)).toBe('16 min 39 s left');
});
