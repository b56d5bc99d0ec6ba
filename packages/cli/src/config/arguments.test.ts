import fc from 'fast-check';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { parseArguments } from './arguments.js';
import { listFields } from './fields.js';

const fields = listFields(
  z.object({
    env: z.string().describe('environment'),
    episodes: z.int().default(10).describe('episodes'),
    images: z.boolean().default(true).describe('pictures'),
    policy: z
      .object({
        type: z.enum(['scripted', 'sac']).default('scripted').describe('kind'),
        learningRate: z.number().default(3e-4).describe('step'),
      })
      .prefault({}),
  }),
);

function parse(...args: string[]): Record<string, unknown> {
  return Object.fromEntries(parseArguments(args, fields, ['env']).map(({ field, value }) => [field.key, value]));
}

it('opens nested objects into dotted keys with their defaults', () => {
  expect(fields.map(({ key, default: value, required }) => [key, value, required])).toEqual([
    ['env', undefined, true],
    ['episodes', 10, false],
    ['images', true, false],
    ['policy.type', 'scripted', false],
    ['policy.learningRate', 3e-4, false],
  ]);
});

it('reads every way of writing an option alike', () => {
  const expected = { 'policy.learningRate': 1e-3 };
  expect(parse('--policy.learningRate=1e-3')).toEqual(expected);
  expect(parse('--policy.learningRate', '1e-3')).toEqual(expected);
  expect(parse('policy.learningRate=1e-3')).toEqual(expected);
  expect(parse('--policy.learning-rate=1e-3')).toEqual(expected);
  expect(parse('policy.learning_rate=1e-3')).toEqual(expected);
});

it('gives the same values for any order and any way of writing', () => {
  const ways = fc.constantFrom<(key: string, value: string) => string[]>(
    (key, value) => [`--${key}=${value}`],
    (key, value) => [`--${key}`, value],
    (key, value) => [`${key}=${value}`],
  );
  const values = fc.record({
    episodes: fc.integer({ min: -1000, max: 1000 }),
    'policy.learningRate': fc.double({ noNaN: true, noDefaultInfinity: true, min: 1e-9, max: 1e9 }),
    images: fc.boolean(),
    env: fc.stringMatching(/^[a-z]+\/[a-z-]+$/),
  });
  fc.assert(
    fc.property(values, fc.array(ways, { minLength: 4, maxLength: 4 }), fc.integer(), (record, styles, rotation) => {
      const groups = Object.entries(record).map(([key, value], index) => styles[index]!(key, String(value)));
      const turned = groups.map((_, index) => groups[(index + (Math.abs(rotation) % 4)) % 4]!);
      expect(parse(...turned.flat())).toEqual(record);
    }),
  );
});

it('takes plain words as positional options and everything after -- too', () => {
  expect(parse('xmagical/avoid', '--episodes', '3')).toEqual({ env: 'xmagical/avoid', episodes: 3 });
  expect(parse('--', '--odd-name')).toEqual({ env: '--odd-name' });
});

it('switches on, off and explicitly', () => {
  expect(parse('--images')).toEqual({ images: true });
  expect(parse('--no-images')).toEqual({ images: false });
  expect(parse('--images', 'false')).toEqual({ images: false });
  expect(parse('--images', 'xmagical/avoid')).toEqual({ images: true, env: 'xmagical/avoid' });
});

it('takes a negative number as a value', () => {
  expect(parse('--episodes', '-3')).toEqual({ episodes: -3 });
});

it.each([
  [['--episods=3'], /unknown option "episods" on the command line; did you mean "episodes"\?/],
  [['--learningRate=1'], /did you mean "policy\.learningRate"\?/],
  [['--policy.lerning-rate=1'], /did you mean "policy\.learningRate"\?/],
  [['--policy=sac'], /"policy" on the command line is a group of options, not one/],
  [['--episodes=many'], /option "episodes" on the command line is "many"; it takes an integer/],
  [['--policy.type=sax'], /option "policy\.type" on the command line is "sax"; it takes one of scripted, sac/],
  [['--episodes'], /option "episodes" has no value; it takes an integer/],
  [['--episodes', '--images'], /option "episodes" has no value/],
  [['--episodes=1', 'episodes=2'], /option "episodes" is given twice/],
  [['a', 'b'], /"b" is one word too many/],
  [['-n', '3'], /unknown option "-n"/],
  [['--no-episodes'], /unknown option "no-episodes"/],
])('refuses %j', (args, message) => {
  expect(() => parse(...args)).toThrow(message);
});
