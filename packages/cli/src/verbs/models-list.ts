import { z } from 'zod';
import { formatTable } from '../output/table.js';
import { defineVerb } from '../verb.js';

export default defineVerb({
  name: 'models list',
  summary: 'the pre-trained networks that models get can fetch',
  description: 'Lists the networks with their source, size and licence. Nothing is fetched.',
  examples: ['rapport models list'],
  positionals: [],
  heeds: [],
  options: () => z.object({}),
  async run() {
    const { modelCatalogue } = await import('@rapport/data');
    const models = Object.entries(modelCatalogue).map(([name, { title, licence, package: origin }]) => ({
      name,
      title,
      licence,
      source: `${origin.registry}: ${origin.name} ${origin.version}`,
      megabytes: origin.megabytes,
    }));
    const rows = models.map((model) => [model.name, model.title, `${model.megabytes}`, model.source, model.licence]);
    return { data: { models }, text: formatTable(['name', 'network', 'MB', 'source', 'licence'], rows) };
  },
});
