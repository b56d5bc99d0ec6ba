import { z } from 'zod';
import { EXIT_FAILED } from '../output/errors.js';
import { type Finding, probeAll } from '../system/probes.js';
import { defineVerb } from '../verb.js';

export default defineVerb({
  name: 'doctor',
  summary: 'versions, and what is present or missing on this machine, each with the command that gets it',
  description:
    'Looks for everything that Rapport uses and says what does not work without it. Only what is marked "required" ' +
    'makes the exit code 1. Paste its output into a bug report.',
  examples: ['rapport doctor', 'rapport doctor --json'],
  positionals: [],
  heeds: [],
  options: () => z.object({}),
  async run() {
    const findings = await probeAll();
    const broken = findings.some(({ state, required }) => state === 'missing' && required);
    return { data: { findings }, text: describe(findings), exitCode: broken ? EXIT_FAILED : 0 };
  },
});

function describe(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ name }) => name.length));
  return findings
    .map(({ name, state, detail, uses, required, fix }) => {
      const line = `${state === 'present' ? 'ok     ' : 'missing'}  ${name.padEnd(width)}  `;
      if (state === 'present') return `${line}${detail}`;
      const indent = ' '.repeat(9 + width + 2);
      return `${line}needed for ${uses}${required ? ' (required)' : ''}\n${indent}get it with: ${fix}`;
    })
    .join('\n');
}
