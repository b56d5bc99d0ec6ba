import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { messageDefinition } from './definitions.js';

let prefix: string;

beforeAll(() => {
  prefix = mkdtempSync(join(tmpdir(), 'rapport-definitions-'));
  const files = {
    'geo/msg/Point.msg': 'float64 x  # metres\n',
    'geo/msg/Line.msg': 'Point[] points\nstd/Header header\nstring<=5 name\n',
    'std/msg/Header.msg': 'uint32 COUNT=3\nstring frame_id "world"\n',
  };
  for (const [name, text] of Object.entries(files)) {
    const path = join(prefix, 'share', name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
});
afterAll(() => rmSync(prefix, { recursive: true, force: true }));

it('joins a type with the types that it is made of, each once', () => {
  const line = '='.repeat(80);
  expect(messageDefinition('geo/msg/Line', [prefix])).toBe(
    [
      'Point[] points\nstd/Header header\nstring<=5 name\n',
      `${line}\nMSG: geo/Point\nfloat64 x  # metres\n`,
      `${line}\nMSG: std/Header\nuint32 COUNT=3\nstring frame_id "world"\n`,
    ].join('\n'),
  );
});

it('names the package or the type that is missing', () => {
  expect(() => messageDefinition('none/msg/Point', [prefix])).toThrow('ROS package none is not installed');
  expect(() => messageDefinition('geo/msg/Circle', [prefix])).toThrow('ROS package geo has no message type Circle');
  expect(() => messageDefinition('geo/Point', [prefix])).toThrow('"geo/Point" is no message type');
});
