import { expect, test } from 'vitest';
import type { Gpu } from '../../../src/gpu/device.ts';
import { tuningKey } from '../../../src/train/tuner.ts';
import { mergeTuning, parseTuning, tuningSize, tuningText } from '../../../src/train/tuning-records.ts';

const op = (us: number) => ({ variant: 'naive', us: { naive: us } });

test('what is written is read', () => {
  const records = { a: { one: op(1), two: op(2) }, b: { one: op(3) } };
  expect(parseTuning(tuningText(records))).toEqual({ records });
  expect(tuningSize(records)).toBe('3 ops of 2 adapters');
  expect(tuningSize({ a: { one: op(1) } })).toBe('1 op of 1 adapter');
});

test('what was measured again counts', () => {
  const merged = mergeTuning({ a: { one: op(1), two: op(2) } }, { a: { one: op(3) }, b: { one: op(4) } });
  expect(merged).toEqual({ a: { one: op(3), two: op(2) }, b: { one: op(4) } });
});

test('headless Chrome and the Chrome that shows pages are one browser, another version is another', () => {
  const adapter = { vendor: 'v', architecture: 'a', device: 'd', description: 'x' };
  const key = (agent: string) => tuningKey({ adapter } as Gpu, agent);
  expect(key('Mozilla/5.0 HeadlessChrome/156.0.0.0 Safari')).toBe(key('Mozilla/5.0 Chrome/156.0.0.0 Safari'));
  expect(key('Mozilla/5.0 Chrome/157.0.0.0 Safari')).not.toBe(key('Mozilla/5.0 Chrome/156.0.0.0 Safari'));
});
