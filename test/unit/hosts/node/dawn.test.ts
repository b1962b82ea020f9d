import { expect, test } from 'vitest';
import { dawnArguments, withoutAdapter } from '../../../../src/hosts/node/dawn.ts';

test('Dawn is asked for what the Chrome of the command line has, and for an adapter by name', () => {
  const [adapter, enabled, disabled] = dawnArguments({
    adapter: 'A (1, 2)',
    enable: ['disable_robustness'],
  }).filter((option) => !option.startsWith('backend='));
  expect(adapter).toBe('adapter=A (1, 2)');
  expect(enabled).toBe('enable-dawn-features=allow_unsafe_apis,disable_robustness');
  expect(disabled).toBe('disable-dawn-features=timestamp_quantization');
  expect(dawnArguments({}).some((option) => option.startsWith('adapter='))).toBe(false);
});

test('a wrong adapter name lists the right ones, in one line', () => {
  const message =
    "no suitable backends found\nAvailable adapters:\n * backend: 'vulkan', name: 'A'\n * backend: 'vulkan', name: 'B (C)'\n";
  expect(withoutAdapter(message, 'D')).toBe('no adapter is named "D": there are: A; B (C)');
  expect(withoutAdapter('no suitable backends found', 'D')).toBe('no adapter is named "D": there is none');
  expect(withoutAdapter('unknown option\nmore', undefined)).toBe('Dawn does not start: unknown option');
});
