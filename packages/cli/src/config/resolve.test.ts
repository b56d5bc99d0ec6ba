import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { parseArguments } from './arguments.js';
import { listFields } from './fields.js';
import { readConfigFile } from './file.js';
import { resolveOptions } from './resolve.js';

const schema = z.object({
  env: z.string().default('avoid').describe('environment'),
  labels: z.array(z.int().min(1)).default([10, 25]).describe('counts'),
  policy: z
    .object({
      learningRate: z.number().gt(0).max(1).default(3e-4).describe('step'),
      layers: z.int().min(1).default(2).describe('depth'),
    })
    .prefault({}),
});
const fields = listFields(schema);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rapport-config-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function resolve(yaml: string | undefined, ...args: string[]) {
  const file = join(folder, 'options.yaml');
  if (yaml !== undefined) await writeFile(file, yaml);
  const fromFile = yaml === undefined ? [] : await readConfigFile(file, fields);
  return resolveOptions(schema, fields, fromFile, parseArguments(args, fields, []));
}

it('lets the file win over the default and the command line over both, and says where each value is from', async () => {
  const { options, values } = await resolve('env: group\npolicy:\n  learningRate: 1e-3\n', '--policy.learningRate=0.5');
  expect(options).toEqual({ env: 'group', labels: [10, 25], policy: { learningRate: 0.5, layers: 2 } });
  expect(values.map(({ key, value, origin }) => [key, value, origin])).toEqual([
    ['env', 'group', 'file'],
    ['labels', [10, 25], 'default'],
    ['policy.learningRate', 0.5, 'command line'],
    ['policy.layers', 2, 'default'],
  ]);
});

it('reads dotted keys and lists in a file', async () => {
  const { options } = await resolve('policy.layers: 3\nlabels: [1, 2, 3]\n');
  expect(options).toMatchObject({ labels: [1, 2, 3], policy: { layers: 3 } });
});

it('leaves an empty file and an empty value without effect', async () => {
  expect((await resolve('')).input).toEqual({});
  expect((await resolve('env:\n')).input).toEqual({});
});

it.each([
  [
    'policy:\n  learningrat: 1\n',
    /unknown option "policy\.learningrat" on .*options\.yaml, line 2; did you mean "policy\.learningRate"/,
  ],
  [
    'policy:\n  layers: many\n',
    /option "policy\.layers" on .*options\.yaml, line 2 is "many"; it takes an integer, 1 or more/,
  ],
  ['policy:\n  learningRate: "1e-3"\n', /option "policy\.learningRate" on .* is "1e-3"; it takes a number/],
  ['policy: 3\n', /"policy" on .*options\.yaml, line 1 is a group of options, not one/],
  ['env: [a\n', /options\.yaml, line \d+: not valid YAML/],
  ['env: a\nenv: b\n', /options\.yaml, line 2: not valid YAML: Map keys must be unique/],
  ['- env\n', /options\.yaml is not a map of options/],
])('refuses the file %j with its line', async (yaml, message) => {
  await expect(resolve(yaml)).rejects.toThrow(message);
});

it('names key, value and range when a value is out of it', async () => {
  await expect(resolve(undefined, '--policy.learningRate=2')).rejects.toThrow(
    'option "policy.learningRate" on the command line is 2; it takes a number, above 0 and 1 or less',
  );
  await expect(resolve(undefined, '--labels=10,0')).rejects.toThrow(
    'option "labels" on the command line is 10,0; it takes a list with commas, each an integer, 1 or more',
  );
});

it('says that a required option is missing', () => {
  const strict = z.object({ env: z.string().describe('the environment to run') });
  expect(() => resolveOptions(strict, listFields(strict), [], [])).toThrow(
    'option "env" is missing: the environment to run',
  );
});

it('says that a configuration file does not exist', async () => {
  await expect(readConfigFile(join(folder, 'none.yaml'), fields)).rejects.toThrow(/none\.yaml does not exist/);
});

describe('options that another option decides on', () => {
  const either = z.object({
    policy: z.discriminatedUnion('type', [
      z.object({
        type: z.literal('flat').describe('kind'),
        steps: z.int().min(1).max(10).default(3).describe('few'),
        width: z.int().default(8).describe('width'),
      }),
      z.object({
        type: z.literal('deep').describe('kind'),
        steps: z.int().min(1).default(500).describe('many'),
        layers: z.array(z.int()).default([1, 2]).describe('layers'),
      }),
    ]),
  });
  const all = listFields(either);
  const run = (...args: string[]) => resolveOptions(either, all, [], parseArguments(args, all, []));

  it('takes the first kind by default, and the options of the kind that was chosen', () => {
    expect(run().options).toEqual({ policy: { type: 'flat', steps: 3, width: 8 } });
    expect(run('--policy.type=deep', 'policy.layers=4,5', 'policy.steps=40').options).toEqual({
      policy: { type: 'deep', steps: 40, layers: [4, 5] },
    });
    expect(run('--policy.type=deep').values.map(({ key, value }) => [key, value])).toEqual([
      ['policy.type', 'deep'],
      ['policy.steps', 500],
      ['policy.layers', [1, 2]],
    ]);
    expect(either.parse(run().input)).toEqual({ policy: { type: 'flat', steps: 3, width: 8 } });
  });

  it('holds a value against the range of the kind that was chosen', () => {
    expect(() => run('--policy.steps=40')).toThrow('is 40; it takes an integer from 1 to 10');
    expect(() => run('--policy.type=deap')).toThrow('it takes one of flat, deep');
  });

  it('says which kind an option belongs to', () => {
    expect(() => run('--policy.layers=4')).toThrow(
      'option "policy.layers" on the command line belongs to policy.type deep; policy.type is flat',
    );
  });
});
