import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { InputError } from '@rapport/core';
import { z } from 'zod';
import { policyFolder } from '../learning/policy-folder.js';
import { defineVerb } from '../verb.js';

export default defineVerb({
  name: 'policy export',
  summary: 'write a diffusion policy as a checkpoint that LeRobot loads',
  description:
    'Writes config.json, model.safetensors and the processor files with the statistics, as LeRobot 0.6 reads them. ' +
    'Settings and processor files of an imported policy come out byte for byte as they came in.',
  examples: ['rapport policy export outputs/policy-import/2026-05-04/10-30-00_pusht pretrained_model'],
  positionals: ['policy', 'directory'],
  heeds: [],
  options: () =>
    z.object({
      policy: z.string().min(1).describe('folder of the policy, or of the run that made it'),
      directory: z.string().min(1).describe('folder to write; it must not exist'),
    }),
  async run(_context, options) {
    const { loadDiffusionPolicy, diffusionFiles, writeDiffusionCheckpoint } = await import('@rapport/policy');
    const { name, checkpoint } = await loadDiffusionPolicy(policyFolder(options.policy));
    const directory = resolve(options.directory);
    if (existsSync(directory)) {
      throw new InputError(`${directory} is there already; nothing was written`, { fix: 'name a folder that is not' });
    }
    await writeDiffusionCheckpoint(directory, checkpoint);
    const files = Object.keys(diffusionFiles(checkpoint));
    return { data: { name, directory, files }, text: [`${name}: ${directory}`, ...files].join('\n') };
  },
});
