import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UnavailableError } from '@rapport/core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { rosEnvironment, shellEnvironment } from './environment.js';
import { type Installation, recipeFingerprints, requireRos, rosState } from './installation.js';
import { layout, recipe, wheelDistros } from './layout.js';

let folder: string;
const wheels: Installation = {
  distro: 'jazzy',
  source: 'wheels',
  prefixes: [],
  steps: { ...recipeFingerprints('jazzy'), repair: '1', messages: '1' },
  wanted: ['wheels', 'repair', 'interfaces', 'rclnodejs', 'take-message', 'messages', 'fast-dds'],
};

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rapport-ros-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function recorded(installation: unknown): string {
  const file = join(folder, 'installation.json');
  writeFileSync(file, JSON.stringify(installation));
  return file;
}

it('says what to run where ROS 2 has not been set up, or the record is damaged', () => {
  for (const record of [join(folder, 'none.json'), recorded({ distro: 'jazzy' })]) {
    expect(rosState(record)).toEqual({ ready: false, reason: 'ROS 2 has not been set up' });
    expect(() => requireRos(record)).toThrow(UnavailableError);
    try {
      requireRos(record);
    } catch (error) {
      expect((error as UnavailableError).fix).toBe('run `rapport ros setup`');
    }
  }
});

it('names the step that is missing, or that was made from other versions', () => {
  const { messages, ...steps } = wheels.steps;
  expect(rosState(recorded({ ...wheels, steps }))).toMatchObject({
    reason: 'the setup of ROS 2 ended before its step "messages"',
  });
  const stale = { ...wheels, steps: { ...wheels.steps, interfaces: 'other' } };
  expect(rosState(recorded(stale))).toMatchObject({ reason: expect.stringContaining('step "interfaces"') });
  expect(messages).toBe('1');
});

it('ships a lock with hashes for every distribution, a lock of rclnodejs, and every interface package', () => {
  for (const distro of wheelDistros) expect(recipeFingerprints(distro).wheels).toMatch(/^[0-9a-f]{64}$/);
  expect(recipeFingerprints('humble').wheels).toBeUndefined();
  for (const name of recipe.interfacePackages) {
    for (const file of ['package.xml', 'CMakeLists.txt']) {
      expect(existsSync(join(recipe.interfaces, name, file)), `${name}/${file}`).toBe(true);
    }
  }
});

it('keeps a process on this machine, and leaves what the caller has set', () => {
  const own = rosEnvironment(wheels, { PATH: '/usr/bin' });
  expect(own).toMatchObject({
    ROS_DISTRO: 'jazzy',
    ROS_AUTOMATIC_DISCOVERY_RANGE: 'SYSTEM_DEFAULT',
    LD_LIBRARY_PATH: `${layout.overlay}/lib:${layout.venv}/lib`,
    PATH: `${layout.venv}/bin:/usr/bin`,
    FASTRTPS_DEFAULT_PROFILES_FILE: recipe.fastDds('local'),
  });
  expect(own.ROS_DOMAIN_ID).toBeUndefined();
  const given = { ROS_DOMAIN_ID: '7', ROS_AUTOMATIC_DISCOVERY_RANGE: 'SUBNET', ROS_LOG_DIR: '/tmp/log' };
  expect(rosEnvironment(wheels, given)).toMatchObject({
    ...given,
    FASTRTPS_DEFAULT_PROFILES_FILE: recipe.fastDds('network'),
  });
  const profile = { ROS_AUTOMATIC_DISCOVERY_RANGE: 'LOCALHOST', FASTRTPS_DEFAULT_PROFILES_FILE: '/etc/own.xml' };
  expect(rosEnvironment(wheels, profile)).toMatchObject(profile);
  expect(rosEnvironment({ ...wheels, distro: 'kilted' }, {})).toMatchObject({
    FASTDDS_DEFAULT_PROFILES_FILE: recipe.fastDds('local'),
  });
});

it('puts its overlay before a sourced installation, whose libraries stay', () => {
  const sourced: Installation = { ...wheels, distro: 'humble', source: 'sourced', prefixes: ['/opt/ros/humble'] };
  expect(rosEnvironment(sourced, { LD_LIBRARY_PATH: '/opt/other' })).toMatchObject({
    AMENT_PREFIX_PATH: `${layout.overlay}:/opt/ros/humble`,
    LD_LIBRARY_PATH: `${layout.overlay}/lib:/opt/ros/humble/lib:/opt/other`,
    ROS_LOCALHOST_ONLY: '1',
  });
});

it('writes the same for shells', () => {
  const lines = shellEnvironment(wheels).split('\n');
  expect(lines).toContain('export ROS_DISTRO="jazzy"');
  expect(lines).toContain(`export PATH="${layout.venv}/bin:$PATH"`);
  expect(lines.find((line) => line.includes('DISCOVERY'))).toMatch(
    /="\$\{ROS_AUTOMATIC_DISCOVERY_RANGE:-SYSTEM_DEFAULT\}"$/,
  );
});
