import { readFileSync } from 'node:fs';
import { CorruptDataError } from '@rapport/core';
import { describe, expect, it } from 'vitest';
import { replayTraces } from './conformance.js';

const folder = new URL('../../../../tests/fixtures/xmagical/', import.meta.url);
const traces = readFileSync(new URL('traces.json', folder), 'utf8');
const variants = readFileSync(new URL('variants.json', folder), 'utf8');

describe('replayTraces', () => {
  it('stays within 1e-9 of every recorded trace of the original, with equal rewards', () => {
    const report = replayTraces(traces, 'traces.json');
    expect(report.traces).toHaveLength(20);
    for (const trace of report.traces) {
      expect(trace.largest, trace.id).toBeLessThan(1e-9);
      expect(trace.rewardsEqual, trace.id).not.toBe(false);
    }
    expect(report.passed).toBe(true);
    expect(new Set(report.traces.map(({ gate }) => gate))).toEqual(new Set(['A', 'B', 'C']));
  });

  it('stays within 1e-9 on other shapes, dynamics and layouts', () => {
    const report = replayTraces(variants, 'variants.json');
    for (const trace of report.traces) expect(trace.largest, trace.id).toBeLessThan(1e-9);
    expect(report.passed).toBe(true);
  });

  it('fails a trace with one changed number or reward, and names where', () => {
    const file = JSON.parse(traces);
    const push = file.traces.find(({ id }: { id: string }) => id === 'push-Longstick');
    push.rows[4][1] += 1e-5;
    const [moved] = replayTraces(JSON.stringify({ traces: [push] }), 'changed').traces;
    expect(moved).toMatchObject({ passed: false, gate: 'B' });
    expect(moved!.columns.find(({ name }) => name === 'y')).toMatchObject({ row: 5 });
    push.rows[4][1] -= 1e-5;
    push.rows[20][push.columns.length - 1] = 0.5;
    const [unpaid] = replayTraces(JSON.stringify({ traces: [push] }), 'changed').traces;
    expect(unpaid).toMatchObject({ passed: false, rewardsEqual: false });
  });

  it('refuses a file that is not of the layout, naming the entry', () => {
    const refuse = (text: string, message: RegExp) => {
      expect(() => replayTraces(text, 'file.json')).toThrow(CorruptDataError);
      expect(() => replayTraces(text, 'file.json')).toThrow(message);
    };
    const change = (edit: (trace: Record<string, unknown>) => void) => {
      const trace = JSON.parse(traces).traces[3];
      edit(trace);
      return JSON.stringify({ traces: [trace] });
    };
    refuse('{"traces": [', /file\.json is not JSON/);
    refuse('[]', /expected an object/);
    refuse('{}', /holds no traces/);
    refuse('{"traces": 3}', /"traces" is 3; expected a list/);
    refuse(
      change((trace) => {
        trace.embodiment = 'Gripp';
      }),
      /"embodiment" is "Gripp"; expected one of Gripper/,
    );
    refuse(
      change((trace) => {
        trace.actions = [];
      }),
      /"actions"/,
    );
    refuse(
      change((trace) => {
        trace.rows = [[1, 2]];
      }),
      /row 0 is a list of 2; expected a list of 16 numbers/,
    );
    refuse(
      change((trace) => {
        trace.variant = 'TestJitter';
      }),
      /has variant "TestJitter"/,
    );
    refuse(
      change((trace) => {
        trace.seed = -1;
      }),
      /"seed" is -1/,
    );
    refuse(
      change((trace) => {
        delete trace.id;
      }),
      /"id" is missing; expected a string/,
    );
  });
});
