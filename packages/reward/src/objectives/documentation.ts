import { objectiveConfig, objectiveConfigSchema } from './config.js';
import { listObjectives, type ObjectiveDescription, pairObjectives, ratedObjective } from './registry.js';

const BEGIN = '<!-- begin generated tables -->';
const END = '<!-- end generated tables -->';

/**
 * A page of documentation with the tables of all objectives and settings between its two markers brought up to date.
 * @throws Error when the page has no markers
 */
export function replaceTables(page: string): string {
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`the page has no "${BEGIN}" followed by "${END}"`);
  return `${page.slice(0, begin + BEGIN.length)}\n\n${objectiveTables()}\n\n${page.slice(end)}`;
}

function objectiveTables(): string {
  return [
    '### Pairs',
    '',
    table(
      ['name', 'loss', 'needs', 'settings', 'source'],
      Object.entries(pairObjectives).map(([name, objective]) => {
        const [formula, settings, source] = cells(objective);
        return [`\`${name}\``, formula, ['scores', ...objective.needs].join(', '), settings, source];
      }),
    ),
    '',
    '### Rankings',
    '',
    table(
      ['name', 'loss', 'settings', 'source'],
      Object.entries(listObjectives).map(([name, objective]) => [`\`${name}\``, ...cells(objective)]),
    ),
    '',
    '### Ratings of single samples',
    '',
    table(['name', 'loss', 'settings', 'source'], [['`kto`', ...cells(ratedObjective)]]),
    '',
    '### Settings',
    '',
    table(['setting', 'default', 'meaning and source of the default'], settingRows()),
  ].join('\n');
}

function cells({ formula, settings, source }: ObjectiveDescription): [string, string, string] {
  return [`\`${formula}\``, settings.map((name) => `\`${name}\``).join(', ') || 'none', source];
}

function settingRows(): string[][] {
  const defaults: Readonly<Record<string, unknown>> = objectiveConfig();
  return Object.entries(objectiveConfigSchema.shape).map(([name, field]) => [
    `\`${name}\``,
    `\`${String(defaults[name])}\``,
    field.description ?? '',
  ]);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (values: readonly string[]): string => `| ${values.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
