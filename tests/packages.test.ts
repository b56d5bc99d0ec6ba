import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folders = new Map([
  ...readdirSync(join(root, 'packages')).map((name) => [name, join(root, 'packages', name)] as const),
  ['benchmarks', join(root, 'benchmarks')],
  ['tests', join(root, 'tests')],
]);

/** Rows of the table in CONTRIBUTING.md: package, and what it may import. */
const arrows = new Map(
  [...readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8').matchAll(/^\| (\w+) \| ([\w, ]*)\|$/gm)]
    .filter(([, name]) => name !== 'package')
    .map(([, name, allowed]) => [name!, allowed!.split(',').flatMap((word) => word.trim() || [])] as const),
);

function sourceFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (['node_modules', 'dist', 'fixtures'].includes(entry.name)) return [];
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sourceFiles(path);
    return /\.(ts|mts|cts)$/.test(entry.name) ? [path] : [];
  });
}

/** Module names in the import, export-from and dynamic import statements of a file. */
function importsOf(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  return [...text.matchAll(/(?:\bfrom\s*|\bimport\s*\(?\s*)'([^']+)'/g)].map((match) => match[1]!);
}

it('gives every package a row in CONTRIBUTING.md and no row to what is no package', () => {
  expect([...arrows.keys()].sort()).toEqual([...folders.keys()].sort());
});

it('gives every package a row in README.md and a README of at most 65 lines', () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  for (const [name, folder] of folders) {
    const path = join(folder, 'README.md');
    expect(readme, `README.md links ${name}`).toContain(`(${relative(root, path)})`);
    expect(existsSync(path), path).toBe(true);
    expect(readFileSync(path, 'utf8').split('\n').length, path).toBeLessThanOrEqual(66);
  }
});

it.each([...folders])('keeps the dependencies of %s to its row', (name, folder) => {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const ours = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies })
    .filter((dependency) => dependency.startsWith('@rapport/'))
    .map((dependency) => dependency.slice('@rapport/'.length));
  expect(arrows.get(name)).toEqual(expect.arrayContaining(ours));
});

it.each([...folders])('keeps the imports of %s to its row and inside its folder', (name, folder) => {
  const wrong = sourceFiles(folder).flatMap((file) =>
    importsOf(file)
      .filter((module) => {
        if (module.startsWith('.')) return relative(folder, join(dirname(file), module)).startsWith('..');
        const ours = /^@rapport\/(.+)$/.exec(module)?.[1];
        return ours !== undefined && ours !== name && !arrows.get(name)!.includes(ours);
      })
      .map((module) => `${relative(root, file)} imports ${module}`),
  );
  expect(wrong).toEqual([]);
});

it('starts the first code block of README.md within 25 lines', () => {
  const lines = readFileSync(join(root, 'README.md'), 'utf8').split('\n');
  expect(lines.findIndex((line) => line.startsWith('```'))).toBeLessThan(25);
});

it.each(['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...readmes()])(
  'links only to files that are there: %s',
  (page) => {
    const text = readFileSync(join(root, page), 'utf8');
    const links = [...text.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map((match) => match[1]!);
    expect(links.filter((link) => !existsSync(join(root, dirname(page), link)))).toEqual([]);
  },
);

function readmes(): string[] {
  const docs = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'));
  return [
    ...[...folders.values()].map((folder) => relative(root, join(folder, 'README.md'))),
    ...docs.map((name) => `docs/${name}`),
  ];
}
