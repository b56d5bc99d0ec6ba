import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { limitsNames, parseLimits, readLimits, shippedLimits } from './limits.js';

const fr3 = await readFile(shippedLimits('fr3'), 'utf8');

/** The FR3's file with one piece of text replaced. */
function changed(from: string | RegExp, to: string): string {
  const text = fr3.replace(from, to);
  expect(text).not.toBe(fr3);
  return text;
}

describe('limits file', () => {
  it.each(limitsNames)('ships as %s, inside what the arm can do', async (name) => {
    const limits = await readLimits(name);
    expect(name.startsWith(limits.arm)).toBe(true);
    expect(limits.joints.velocity).toHaveLength(7);
  });

  it.each([
    ['a missing key', changed(/ {2}jerk: .*\n/, ''), 'joints.jerk is missing'],
    ['a missing section', changed(/watchdog:[\s\S]*/, ''), 'watchdog is missing'],
    ['a misspelt key', changed('minimum_height:', 'minimum_hight:'), 'minimum_height is missing'],
    ['an extra key', `${fr3}minimum_hight: 1\n`, 'minimum_hight is no key; did you mean minimum_height?'],
    ['text for a number', changed('tracking_error: 0.2', 'tracking_error: much'), 'tracking_error is "much"'],
    ['a number that is not finite', changed('force: 40.0', 'force: .inf'), 'contact.force is Infinity'],
    ['a negative limit', changed('translation: 0.6', 'translation: -0.6'), 'tool_speed.translation is -0.6'],
    [
      'six joints',
      changed('[2.0, 1.0, 1.5, 1.25, 1.5, 1.5, 1.5]', '[2.0, 1.0, 1.5, 1.25, 1.5, 1.5]'),
      'joints.velocity',
    ],
    ['another arm', changed('arm: fr3', 'arm: ur5'), 'arm is "ur5"'],
    [
      'a velocity beyond the arm',
      changed('[2.0, 1.0', '[2.7, 1.0'),
      'joints.velocity[0] is 2.7; expected at most 2.62',
    ],
    [
      'a range beyond the arm',
      changed('[2.6937,', '[2.75,'),
      'joints.position_max[0] is 2.75; expected at most 2.7437',
    ],
    ['a jerk beyond the arm', changed('[500.0,', '[5001.0,'), 'joints.jerk[0] is 5001; expected at most 5000'],
    [
      'a tool beyond the arm',
      changed('rotation: 2.0', 'rotation: 2.6'),
      'tool_speed.rotation is 2.6; expected at most 2.5',
    ],
    ['an empty range', changed('-2.6937,', '2.7,'), 'joints.position_min[0] is 2.7; expected less than position_max'],
    ['an empty box', changed('min: [0.2,', 'min: [0.9,'), 'workspace.min[0] is 0.9; expected less than workspace.max'],
    ['broken YAML', 'arm: [fr3', 'limits file here.yaml:'],
    ['an empty file', '', 'holds no mapping of keys'],
  ])('refuses %s by name', (_, text, message) => {
    expect(() => parseLimits(text, 'here.yaml')).toThrow(message);
    expect(() => parseLimits(text, 'here.yaml')).toThrow('limits file here.yaml');
  });

  it('refuses a file that is not there', async () => {
    await expect(readLimits('/nowhere/limits.yaml')).rejects.toThrow('/nowhere/limits.yaml: there is none');
  });
});
