import { compileFunction, gradient, input, type Parameter } from '@rapport/nn';
import { describe, expect, it } from 'vitest';
import { at, fixturePath, floatsAt, type Json, readFixture, relativeError, shapeAt } from './fixtures.js';
import { readDiffusionCheckpoint } from './lerobot.js';
import { denoisingErrors, denoisingLoss, diffusionNetwork, noiseScales, samplewiseErrors } from './network.js';
import { denormalize, featureAffine, normalize } from './normalization.js';
import { compileSampler } from './sampler.js';
import { denoisingSteps, noiseSchedule, samplingTimesteps } from './schedule.js';

const ops = readFixture('ops/ops.json');

describe('noiseSchedule', () => {
  it('gives the betas, products and timesteps of diffusers', () => {
    for (const [key, expected] of Object.entries(at(ops, 'schedules') as Record<string, Json>)) {
      const [betaSchedule, count] = key.split(':') as ['linear', string];
      const numTrainTimesteps = Number(count);
      const schedule = noiseSchedule({ numTrainTimesteps, betaSchedule, betaStart: 1e-4, betaEnd: 0.02 });
      expect(relativeError(schedule.betas, floatsAt(expected, 'betas')), key).toBeLessThan(1e-6);
      expect(relativeError(schedule.alphasCumprod, floatsAt(expected, 'alphas_cumprod')), key).toBeLessThan(1e-6);
      for (const [steps, timesteps] of Object.entries(at(expected, 'timesteps') as Record<string, Json>)) {
        expect(samplingTimesteps(numTrainTimesteps, Number(steps))).toEqual(timesteps);
      }
    }
  });

  it('makes the steps of the DDPM and DDIM schedulers of diffusers', () => {
    const cases = at(ops, 'scheduler_steps') as readonly Json[];
    expect(cases.length).toBe(36);
    for (const one of cases) {
      const steps = at(one, 'steps') as number;
      const plan = denoisingSteps({
        noiseSchedulerType: at(one, 'kind') as 'DDPM',
        predictionType: at(one, 'prediction_type') as 'epsilon',
        numTrainTimesteps: 100,
        betaSchedule: 'squaredcos_cap_v2',
        betaStart: 1e-4,
        betaEnd: 0.02,
        clipSample: true,
        clipSampleRange: 1,
        steps,
      });
      const step = plan.find(({ timestep }) => timestep === at(one, 't'))!;
      const [x, model, noise] = ['x', 'model', 'noise'].map((key) => floatsAt(one, key)) as [
        Float32Array,
        Float32Array,
        Float32Array,
      ];
      const range = at(one, 'range') as number;
      const limit = (value: number) => (at(one, 'clip') ? Math.min(range, Math.max(-range, value)) : value);
      const next = x.map((noisy, index) => {
        const clean = limit(step.cleanFromNoisy * noisy + step.cleanFromModel * model[index]!);
        const mean = step.fromClean * clean + step.fromNoisy * noisy + step.fromModel * model[index]!;
        return mean + step.fromNoise * noise[index]!;
      });
      expect(relativeError(next, floatsAt(one, 'prev')), JSON.stringify(one).slice(0, 120)).toBeLessThan(1e-5);
    }
  });
});

describe('featureAffine', () => {
  it('normalises and denormalises as the processors of LeRobot', () => {
    for (const one of at(ops, 'normalise') as readonly Json[]) {
      const stats = Object.keys(at(one, 'stats') as object).map((key) => [key, floatsAt(one, 'stats', key)] as const);
      const mode = at(one, 'mode') as 'MIN_MAX';
      const affine = featureAffine('x', 'STATE', { STATE: mode }, { x: Object.fromEntries(stats) });
      const normal = normalize(affine, floatsAt(one, 'input'));
      expect(relativeError(normal, floatsAt(one, 'normalised')), mode).toBeLessThan(1e-6);
      expect(relativeError(denormalize(affine, floatsAt(one, 'normalised')), floatsAt(one, 'back'))).toBeLessThan(1e-6);
    }
  });
});

describe('diffusionNetwork', () => {
  for (const name of ['A', 'A2']) {
    it(`has the loss and gradients of LeRobot with checkpoint ${name}`, async () => {
      const fixture = readFixture(`${name}/fixture.json`);
      const { config, parameters } = await readDiffusionCheckpoint(fixturePath(`${name}/ckpt`));
      const network = diffusionNetwork(config);
      const chunk = shapeAt(fixture, 'loss', 'noise');
      const [batch, horizon] = chunk as [number, number];
      const errors = denoisingErrors(network, {
        actions: input('actions', chunk),
        noise: input('noise', chunk),
        timesteps: input('timesteps', [batch]),
        signalScale: input('signalScale', [batch]),
        noiseScale: input('noiseScale', [batch]),
        condition: input('condition', [batch, network.shapes.conditionSize]),
      });
      const timesteps = floatsAt(fixture, 'loss', 'timesteps');
      const feeds = {
        actions: floatsAt(fixture, 'batch', 'norm', 'action'),
        noise: floatsAt(fixture, 'loss', 'noise'),
        timesteps,
        ...noiseScales(config, timesteps),
        condition: floatsAt(fixture, 'global_cond'),
      };
      const padded = floatsAt(fixture, 'batch', 'raw', 'action_is_pad');
      const valid = padded.map((pad) => 1 - pad);
      const masked = denoisingLoss(errors, input('valid', [batch, horizon]));
      const losses = { eval_unmasked: denoisingLoss(errors), eval_masked: masked };
      for (const [key, loss] of Object.entries(losses)) {
        // The case with the configuration's own rule records the gradient norm of every parameter.
        const recorded = config.doMaskLossForPadding === (key === 'eval_masked') ? 'eval' : key;
        const every = recorded === 'eval';
        const names = Object.keys(at(fixture, 'loss', recorded, every ? 'grad_norms' : 'grads') as object);
        const byName = new Map(network.trained.map((one) => [one.attributes.name, one]));
        const gradients = gradient(
          loss,
          names.map((one): Parameter => byName.get(one)!),
        );
        const outputs = Object.fromEntries(names.map((one, index) => [`gradient/${one}`, gradients[index]!]));
        const compiled = await compileFunction({
          outputs: { loss, perSample: samplewiseErrors(errors), ...outputs },
          parameters,
        });
        const found: Record<string, Float32Array> = await compiled.run({ ...feeds, valid });
        await compiled.close();
        expect(found.loss![0]).toBeCloseTo(at(fixture, 'loss', recorded, 'loss') as number, 6);
        expect(relativeError(found.perSample!, floatsAt(fixture, 'loss', 'per_sample_mse'))).toBeLessThan(1e-4);
        const expectedNorms = names.map(
          (one) =>
            (every
              ? at(fixture, 'loss', recorded, 'grad_norms', one)
              : at(fixture, 'loss', recorded, 'grads', one, 'norm')) as number,
        );
        const norms = names.map((one) =>
          Math.sqrt(found[`gradient/${one}`]!.reduce((total, value) => total + value * value, 0)),
        );
        names.forEach((one, index) => {
          expect(Math.abs(norms[index]! - expectedNorms[index]!), one).toBeLessThan(
            1e-4 * expectedNorms[index]! + 1e-7,
          );
        });
        for (const [one, expected] of Object.entries(at(fixture, 'loss', recorded, 'grads') as Record<string, Json>)) {
          const first = found[`gradient/${one}`]!.subarray(0, 8);
          const scale = at(expected, 'norm') as number;
          floatsAt(expected, 'first8').forEach((value, index) => {
            expect(Math.abs(first[index]! - value), one).toBeLessThan(1e-4 * scale);
          });
        }
      }
    });

    it(`samples the chunks of LeRobot with checkpoint ${name}`, async () => {
      const fixture = readFixture(`${name}/fixture.json`);
      const { config, parameters } = await readDiffusionCheckpoint(fixturePath(`${name}/ckpt`));
      const network = diffusionNetwork(config);
      const runs = at(fixture, 'sampling') as Record<string, Json>;
      // With A the hundred steps of DDPM in ten passes, and seven in one; with A2 all that are recorded.
      const chosen = Object.entries(runs).filter(([key]) => name === 'A2' || ['ddpm_full', 'ddim7'].includes(key));
      expect(chosen.length).toBeGreaterThan(1);
      for (const [key, expected] of chosen) {
        const sampler = await compileSampler(network, parameters, {
          batch: shapeAt(expected, 'init')[0]!,
          scheduler: at(expected, 'scheduler') as 'DDPM',
          steps: at(expected, 'steps') as number,
        });
        const stepNoise = floatsAt(expected, 'step_noise');
        expect(stepNoise.length).toBe(sampler.stepNoiseSize);
        const chunk = await sampler.sample(floatsAt(fixture, 'global_cond'), floatsAt(expected, 'init'), stepNoise);
        await sampler.close();
        expect(relativeError(chunk, floatsAt(expected, 'final')), key).toBeLessThan(1e-4);
      }
    });
  }
});
