import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UnavailableError } from '@rapport/core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { sourcedInstallation } from './find-installation.js';

let folder: string;
const prefix = (name: string) => join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rapport-sourced-'));
  for (const name of ['humble', 'workspace']) mkdirSync(join(folder, name, 'share'), { recursive: true });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('finds the installation that was sourced, with workspaces before it and without folders that are gone', () => {
  const environment = {
    ROS_DISTRO: 'humble',
    AMENT_PREFIX_PATH: [prefix('workspace'), prefix('gone'), prefix('humble')].join(':'),
  };
  expect(sourcedInstallation(environment)).toEqual({
    distro: 'humble',
    source: 'sourced',
    prefixes: [prefix('workspace'), prefix('humble')],
    steps: {},
    wanted: ['interfaces', 'rclnodejs', 'take-message', 'messages'],
  });
});

it('finds none where nothing, or only our own environment, was sourced', () => {
  const own = { ROS_DISTRO: 'jazzy', AMENT_PREFIX_PATH: prefix('humble'), RAPPORT_ROS: 'jazzy' };
  for (const environment of [{}, { ROS_DISTRO: 'humble' }, { ROS_DISTRO: 'humble', AMENT_PREFIX_PATH: '/gone' }, own]) {
    expect(sourcedInstallation(environment)).toBeUndefined();
  }
});

it('names a distribution that is not known', () => {
  const environment = { ROS_DISTRO: 'foxy', AMENT_PREFIX_PATH: prefix('humble') };
  expect(() => sourcedInstallation(environment)).toThrow(UnavailableError);
  expect(() => sourcedInstallation(environment)).toThrow('ROS 2 foxy is sourced; expected one of humble, jazzy');
});
