import { afterEach, expect, test, vi } from 'vitest';
import { bytesText, clockText, limitText } from '../../../src/page/views/gpu/gpu-texts.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

test('bytes have their unit', () => {
  expect(bytesText(184e6)).toBe('184 MB');
  expect(bytesText(999.6e6)).toBe('1.0 GB');
  expect(bytesText(72_186e6)).toBe('72.2 GB');
  expect(limitText('maxBufferSize', 4_500_000_000)).toBe('4,500,000,000\u00a0bytes');
  expect(limitText('maxComputeInvocationsPerWorkgroup', 256)).toBe('256');
});

test('an event was when this device’s clock said so', () => {
  vi.stubEnv('TZ', 'Asia/Kathmandu');
  expect(clockText('2026-11-27T20:30:59.000Z')).toBe('02:15:59');
});
