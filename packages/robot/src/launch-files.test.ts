import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parseDocument } from 'yaml';
import { rewardParameters } from './reward/parameters.js';
import { runnerParameters } from './runner/parameters.js';
import { simulatorParameters } from './simulator/parameters.js';

// `ros2 launch` itself is not among the wheels: what can be held without it is held here.
const folder = fileURLToPath(new URL('../../../launch', import.meta.url));
const read = (path: string) => readFileSync(join(folder, path), 'utf8');
const pairs = ['simulation', 'hardware', 'reward'];
const python = spawnSync('python3', ['--version']).status === 0 ? 'python3' : undefined;

/** Names, defaults and descriptions of the arguments that a Python launch file declares. */
function pythonArguments(name: string): string[][] {
  const list = /ARGUMENTS = \[\n([\s\S]*?)\n\]/.exec(read(`launch/${name}.launch.py`))![1]!;
  return list.split('\n').map((line) => {
    const [, argument, value, text] = /\('(\w+)', (.+), '(.+)'\),$/.exec(line)!;
    const environment = /EnvironmentVariable\('(\w+)', default_value='(\w+)'\)/.exec(value!);
    const plain = value === 'None' ? undefined : value!.replace(/^'|'$/g, '');
    return [argument!, environment === null ? String(plain) : `$(env ${environment[1]} ${environment[2]})`, text!];
  });
}

function xmlArguments(name: string): string[][] {
  const declared = [
    ...read(`launch/${name}.launch.xml`).matchAll(
      /^ {2}<arg name="(\w+)"( default="([^"]*)")? description="([^"]*)"\/>$/gm,
    ),
  ];
  return declared.map(([, argument, , value, text]) => [argument!, String(value), text!]);
}

describe('launch files', () => {
  it.each(pairs)('take the same arguments in Python and in XML: %s', (name) => {
    expect(pythonArguments(name).length).toBeGreaterThan(5);
    expect(xmlArguments(name)).toEqual(pythonArguments(name));
  });

  it.each(pairs)('use every argument that they declare, and no other: %s', (name) => {
    const names = xmlArguments(name).map(([argument]) => argument!);
    const inXml = new Set([...read(`launch/${name}.launch.xml`).matchAll(/\$\(var (\w+)\)/g)].map(([, one]) => one!));
    const inPython = new Set(
      [...read(`launch/${name}.launch.py`).matchAll(/LaunchConfiguration\('(\w+)'\)/g)].map(([, one]) => one!),
    );
    expect([...inXml].sort()).toEqual([...names].sort());
    expect([...inPython].sort()).toEqual([...names].sort());
  });

  it.skipIf(python === undefined)('are well-formed Python and XML', () => {
    const files = readdirSync(join(folder, 'launch')).map((file) => join(folder, 'launch', file));
    const check = [
      'import ast, sys, xml.dom.minidom',
      'for file in sys.argv[1:]:',
      '    text = open(file).read()',
      '    ast.parse(text) if file.endswith(".py") else xml.dom.minidom.parseString(text)',
    ];
    execFileSync(python!, ['-c', check.join('\n'), ...files, join(folder, 'package.xml')]);
  });

  it.each([
    { file: 'simulator.yaml', node: '/**/simulator', parameters: simulatorParameters },
    { file: 'runner.yaml', node: '/**/runner', parameters: runnerParameters },
    { file: 'reward.yaml', node: '/**/reward', parameters: rewardParameters },
  ])(
    'set parameters that the node has, inside their ranges and at their defaults: $file',
    ({ file, node, parameters }) => {
      const document = parseDocument(read(`config/${file}`)).toJS();
      const given: Record<string, unknown> = document[node].ros__parameters;
      const { use_sim_time: _, ...own } = given;
      for (const [name, value] of Object.entries(own)) {
        const definition = parameters[name as keyof typeof parameters] as {
          type: string;
          value: unknown;
          low?: number;
          high?: number;
        };
        expect(definition, name).toBeDefined();
        expect(value).toBe(definition.value);
        if (definition.type === 'double') expect(read(`config/${file}`)).toMatch(new RegExp(`${name}: \\d+\\.\\d`));
        if (definition.low !== undefined)
          expect(read(`config/${file}`)).toContain(`${definition.low} to ${definition.high}`);
      }
    },
  );
});
