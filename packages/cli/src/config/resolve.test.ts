import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
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
