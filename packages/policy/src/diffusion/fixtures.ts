import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';
import { type DiffusionConfig, diffusionConfigSchema, usualDiffusionSettings } from './config.js';

// Test support: reads the recorded outputs of LeRobot below tests/fixtures/lerobot_diffusion.

/** A JSON value of a fixture; tensors are `{dtype, shape, b64}`. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** Path of a file or folder of the fixtures. */
export function fixturePath(path: string): string {
  return fileURLToPath(new URL(`../../../../tests/fixtures/lerobot_diffusion/${path}`, import.meta.url));
}

/** The JSON document of a fixture file. */
export function readFixture(path: string): Json {
  return JSON.parse(readFileSync(fixturePath(path), 'utf8')) as Json;
}

/** The value at a dotted path; a part that holds dots itself is given as its own argument. */
export function at(document: Json, ...path: readonly (string | number)[]): Json {
  let value: Json | undefined = document;
  for (const key of path) {
    value = typeof value === 'object' && value !== null ? (value as Record<string, Json>)[String(key)] : undefined;
  }
  if (value === undefined) throw new Error(`the fixture has no ${path.join(' / ')}`);
  return value;
}

/** A tensor of a fixture as float32. */
export function floatsAt(document: Json, ...path: readonly (string | number)[]): Float32Array {
  const entry = at(document, ...path);
  if (Array.isArray(entry)) return Float32Array.from(entry as readonly number[]);
  const { dtype, b64, scale_div: divisor } = entry as { dtype: string; b64: string; scale_div?: number };
  const bytes = Buffer.from(b64, 'base64');
  const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
  if (dtype === 'F32') return new Float32Array(buffer);
  if (dtype === 'I64') return Float32Array.from(new BigInt64Array(buffer), Number);
  const values = Float32Array.from(new Uint8Array(buffer));
  return divisor === undefined ? values : values.map((value) => value / divisor);
}

export function shapeAt(document: Json, ...path: readonly (string | number)[]): readonly number[] {
  return at(document, ...path, 'shape') as readonly number[];
}

/** Largest difference, relative to the largest expected value. */
export function relativeError(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (found.length !== expected.length) throw new Error(`${found.length} values; expected ${expected.length}`);
  let [difference, scale] = [0, 1e-12];
  for (let index = 0; index < expected.length; index++) {
    const error = Math.abs(found[index]! - expected[index]!);
    difference = Number.isNaN(error) ? Number.POSITIVE_INFINITY : Math.max(difference, error);
    scale = Math.max(scale, Math.abs(expected[index]!));
  }
  return difference / scale;
}

const temporaryFolders: string[] = [];
afterAll(() => {
  for (const folder of temporaryFolders) rmSync(folder, { recursive: true, force: true });
});

/** Path of a new empty folder, which is removed after the last test of the file that asked for it. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'rapport-policy-'));
  temporaryFolders.push(folder);
  return folder;
}

/** A policy of states with a very small network, trained in seconds. */
export function smallConfig(changes: Partial<DiffusionConfig>): DiffusionConfig {
  return diffusionConfigSchema.parse({
    ...usualDiffusionSettings,
    nObsSteps: 2,
    inputFeatures: {
      'observation.state': { type: 'STATE', shape: [1] },
      'observation.environment_state': { type: 'ENV', shape: [1] },
    },
    outputFeatures: { action: { type: 'ACTION', shape: [1] } },
    normalizationMapping: { STATE: 'MIN_MAX', ENV: 'MIN_MAX', ACTION: 'MIN_MAX' },
    horizon: 8,
    nActionSteps: 4,
    dropNLastFrames: 0,
    spatialSoftmaxNumKeypoints: 4,
    downDims: [16, 32],
    kernelSize: 3,
    diffusionStepEmbedDim: 16,
    noiseSchedulerType: 'DDIM',
    numTrainTimesteps: 50,
    numInferenceSteps: 10,
    optimizerLr: 3e-3,
    schedulerWarmupSteps: 20,
    ...changes,
  });
}
