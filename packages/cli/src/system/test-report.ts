import { z } from 'zod';

export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** The part of Vitest's JSON report that is counted. */
const reportSchema = z.object({
  testResults: z.array(
    z.object({
      status: z.string(),
      assertionResults: z.array(z.object({ status: z.string() })),
    }),
  ),
});

/**
 * Counts tests in Vitest's JSON report. A test file that cannot be loaded counts as one failure, and so does a report
 * that is missing or unreadable: the runner died.
 */
export function readTestCounts(text: string | undefined): TestCounts {
  const report = reportSchema.safeParse(parseJson(text));
  if (!report.success) return { passed: 0, failed: 1, skipped: 0 };
  let passed = 0;
  let failed = 0;
  let skipped = 0;
  for (const file of report.data.testResults) {
    const statuses = file.assertionResults.map(({ status }) => status);
    const failures = statuses.filter((status) => status === 'failed').length;
    passed += statuses.filter((status) => status === 'passed').length;
    failed += failures === 0 && file.status === 'failed' ? 1 : failures;
    skipped += statuses.filter((status) => status !== 'passed' && status !== 'failed').length;
  }
  return { passed, failed, skipped };
}

function parseJson(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
}
