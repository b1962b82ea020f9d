import { expect, test } from 'vitest';
import { layerKinds } from '../../../src/nn/layers/index.ts';
import { referenceLayer } from '../../../src/reference/layers/index.ts';

test.for(layerKinds.map(({ kind }) => kind))('%s has a float64 mirror', (kind) => {
  expect(referenceLayer(kind).kind).toBe(kind);
});

test('a layer without a mirror is named', () => {
  expect(() => referenceLayer('dropout')).toThrow(
    /^dropout has no float64 mirror: add one to src\/reference\/layers$/,
  );
});
