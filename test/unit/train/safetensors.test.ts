/** The safetensors format, byte by byte, and the refusal of whatever breaks its rules. */
import { describe, expect, test } from 'vitest';
import { readSafetensors, writeSafetensors } from '../../../src/train/safetensors.ts';

/** A file of this header and as many data bytes, with the header's length or a false one. */
function file(header: string | Uint8Array, dataBytes: number, length?: bigint): Uint8Array {
  const text = typeof header === 'string' ? new TextEncoder().encode(header) : header;
  const bytes = new Uint8Array(8 + text.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, length ?? BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}

const entry = (from: number, to: number, shape: readonly number[] = [(to - from) / 4], dtype = 'F32') =>
  JSON.stringify({ dtype, shape, data_offsets: [from, to] });

describe('writing', () => {
  test('a known file, byte by byte', () => {
    const written = writeSafetensors({
      tensors: [
        { name: 'b', shape: [2], data: Float32Array.of(1, -2) },
        { name: 'a', shape: [1, 1], data: Float32Array.of(0.5) },
      ],
      metadata: { format: 'pt' },
    });
    const header =
      '{"__metadata__":{"format":"pt"},"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},' +
      '"a":{"dtype":"F32","shape":[1,1],"data_offsets":[8,12]}}';
    const padded = header.padEnd(Math.ceil(header.length / 8) * 8);
    const expected = [
      ...[padded.length, 0, 0, 0, 0, 0, 0, 0],
      ...new TextEncoder().encode(padded),
      ...[0x00, 0x00, 0x80, 0x3f, 0x00, 0x00, 0x00, 0xc0],
      ...[0x00, 0x00, 0x00, 0x3f],
    ];
    expect(Array.from(written)).toEqual(expected);
  });

  test('without metadata there is none', () => {
    const written = writeSafetensors({ tensors: [], metadata: {} });
    expect(new TextDecoder().decode(written.subarray(8))).toBe('{}      ');
    expect(readSafetensors(written)).toEqual({ tensors: [], metadata: {}, others: [] });
  });

  test('there and back', () => {
    const tensors = [
      { name: 'layers.0.linear.weight', shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, -0) },
      { name: 'empty', shape: [0, 7], data: new Float32Array(0) },
      { name: 'scalar', shape: [], data: Float32Array.of(2 ** -149) },
      { name: 'ümläut "quoted" \\', shape: [2], data: Float32Array.of(Infinity, -3.4028234663852886e38) },
    ];
    const metadata = { braces: '{"a": [}', 'empty ': '' };
    const back = readSafetensors(writeSafetensors({ tensors, metadata }));
    expect(back).toEqual({ tensors, metadata, others: [] });
  });

  test.each([3, 5])(
    '%i values of a shape that has 4: refused, since no reader takes such a file',
    (count) => {
      const tensors = [{ name: 'a', shape: [2, 2], data: new Float32Array(count) }];
      expect(() => writeSafetensors({ tensors, metadata: {} })).toThrow(
        new Error(`a: ${count} values, its shape has 4`),
      );
    },
  );

  test('a view into a larger buffer is read where it lies', () => {
    const written = writeSafetensors({
      tensors: [{ name: 'a', shape: [1], data: Float32Array.of(7) }],
      metadata: {},
    });
    const around = new Uint8Array(written.length + 11);
    around.set(written, 3);
    const { tensors } = readSafetensors(around.subarray(3, 3 + written.length));
    expect(tensors[0]!.data).toEqual(Float32Array.of(7));
  });
});

describe('reading', () => {
  test('tensors come in the order of their data, whatever the order of the header', () => {
    const { tensors } = readSafetensors(file(`{"b":${entry(4, 8)},"a":${entry(0, 4)}}`, 8));
    expect(tensors.map(({ name }) => name)).toEqual(['a', 'b']);
  });

  test('an empty tensor may stand anywhere', () => {
    for (const header of [
      `{"full":${entry(0, 4)},"none":${entry(0, 0)}}`,
      `{"none":${entry(0, 0)},"full":${entry(0, 4)}}`,
      `{"full":${entry(0, 4)},"none":${entry(4, 4)}}`,
    ]) {
      expect(readSafetensors(file(header, 4)).tensors.length).toBe(2);
    }
  });

  /** The value of the one tensor `a` of this type, from its bytes. */
  const read = (dtype: string, bytes: Uint8Array) => {
    const whole = file(
      `{"a":{"dtype":"${dtype}","shape":[1],"data_offsets":[0,${bytes.length}]}}`,
      bytes.length,
    );
    whole.set(bytes, whole.length - bytes.length);
    return readSafetensors(whole).tensors[0]!.data[0]!;
  };

  test.each([
    [0x0000, 0],
    [0x8000, -0],
    [0x3c00, 1],
    [0xc000, -2],
    [0x3555, 0.333251953125],
    [0x0001, 2 ** -24],
    [0x03ff, 1023 * 2 ** -24],
    [0x0400, 2 ** -14],
    [0x7bff, 65504],
    [0x7c00, Number.POSITIVE_INFINITY],
    [0xfc00, Number.NEGATIVE_INFINITY],
    [0x7e00, Number.NaN],
  ])('F16 %i is %d', (bits, value) => {
    expect(read('F16', new Uint8Array(Uint16Array.of(bits).buffer))).toBe(value);
  });

  test.each([
    [0x3f80, 1],
    [0xbf80, -1],
    [0x4049, 3.140625],
    [0x8000, -0],
    [0x0001, 2 ** -133],
    [0xff80, Number.NEGATIVE_INFINITY],
    [0x7fc0, Number.NaN],
  ])('BF16 %i is %d', (bits, value) => {
    expect(read('BF16', new Uint8Array(Uint16Array.of(bits).buffer))).toBe(value);
  });

  test.each([
    [1 / 3, Math.fround(1 / 3)],
    [1 + 2 ** -24, 1],
    [-1e-300, -0],
  ])('F64 %d is %d', (value, rounded) => {
    expect(read('F64', new Uint8Array(Float64Array.of(value).buffer))).toBe(rounded);
  });

  test('types that weights do not come in are listed, and do not hide what lies behind them', () => {
    const header = `{"counter":${entry(0, 8, [], 'I64')},"mask":${entry(8, 9, [1], 'BOOL')},"a":${entry(9, 13)}}`;
    const { tensors, others } = readSafetensors(file(header, 13));
    expect(tensors).toEqual([{ name: 'a', shape: [1], data: Float32Array.of(0) }]);
    expect(others).toEqual([
      { name: 'counter', shape: [], dtype: 'I64' },
      { name: 'mask', shape: [1], dtype: 'BOOL' },
    ]);
  });

  test('the header of 100 MB is the longest', () => {
    expect(() => readSafetensors(file('{}', 0, 100_000_000n))).toThrow('the file ends within its header');
    expect(() => readSafetensors(file('{}', 0, 100_000_001n))).toThrow(
      'the header has 100000001 bytes, more than 100 MB',
    );
    expect(() => readSafetensors(file('{}', 0, 2n ** 64n - 1n))).toThrow('more than 100 MB');
  });
});

describe('refusals', () => {
  const utf8 = (text: string) => new TextEncoder().encode(text);
  const cases: readonly [what: string, file: Uint8Array, message: string | RegExp][] = [
    ['nothing', new Uint8Array(0), 'not a safetensors file: 0 bytes'],
    ['less than a length', new Uint8Array(7), 'not a safetensors file: 7 bytes'],
    ['a length of nothing', file('', 0), 'the header does not start with "{"'],
    ['a header one byte longer than the file', file('{}', 0, 3n), 'the file ends within its header'],
    ['a header that is a list', file('[]', 0), 'the header does not start with "{"'],
    ['a header that starts with a space', file(' {}', 0), 'the header does not start with "{"'],
    ['a header with a byte order mark', file('\ufeff{}', 0), 'the header does not start with "{"'],
    ['a header that is no JSON', file('{"a":}', 0), /JSON/],
    ['two headers', file('{}{}', 0), /JSON/],
    ['a header that is no UTF-8', file(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x7d), 0), /./],
    ['a gap at the start', file(`{"a":${entry(4, 8)}}`, 8), 'a (1, F32) should lie at bytes 0 to 4, not 4,8'],
    [
      'a gap in between',
      file(`{"a":${entry(0, 4)},"b":${entry(8, 12)}}`, 12),
      'b (1, F32) should lie at bytes 4 to 8, not 8,12',
    ],
    [
      'an overlap',
      file(`{"a":${entry(0, 8)},"b":${entry(4, 12)}}`, 12),
      'b (2, F32) should lie at bytes 8 to 16, not 4,12',
    ],
    [
      'the same bytes twice',
      file(`{"a":${entry(0, 4)},"b":${entry(0, 4)}}`, 4),
      /^b \(1, F32\) should lie at bytes 4 to 8/,
    ],
    [
      'bytes behind the tensors',
      file(`{"a":${entry(0, 4)}}`, 5),
      'the tensors end at byte 66, the file at 67',
    ],
    ['a file cut off', file(`{"a":${entry(0, 8)}}`, 7), 'the file ends within a'],
    [
      'offsets that go backwards',
      file(`{"a":${entry(4, 0, [1])}}`, 4),
      /^a \(1, F32\) should lie at bytes 0 to 4, not 4,0/,
    ],
    [
      'more bytes than the shape has',
      file(`{"a":${entry(0, 8, [1])}}`, 8),
      /^a \(1, F32\) should lie at bytes 0 to 4, not 0,8/,
    ],
    [
      'three offsets',
      file('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,4]}}', 4),
      /^a \(1, F32\) should lie/,
    ],
    [
      'no offsets',
      file('{"a":{"dtype":"F32","shape":[1]}}', 4),
      /^a \(1, F32\) should lie at bytes 0 to 4, not undefined/,
    ],
    ['an unknown type', file(`{"a":${entry(0, 4, [8], 'F4')}}`, 4), 'a is of the type F4, which is unknown'],
    [
      'a type named like a method',
      file(`{"a":${entry(0, 4, [4], 'toString')}}`, 4),
      'a is of the type toString',
    ],
    [
      'a size of another type',
      file(`{"a":${entry(0, 4, [1], 'F16')}}`, 4),
      'a (1, F16) should lie at bytes 0 to 2, not 0,4',
    ],
    [
      'no type',
      file('{"a":{"shape":[1],"data_offsets":[0,4]}}', 4),
      'a is of the type undefined, which is unknown',
    ],
    ['a negative size', file(`{"a":${entry(0, 4, [-1, -1])}}`, 4), 'a has no valid shape'],
    ['a fractional size', file(`{"a":${entry(0, 4, [0.5, 2])}}`, 4), 'a has no valid shape'],
    [
      'a shape that is no list',
      file('{"a":{"dtype":"F32","shape":1,"data_offsets":[0,4]}}', 4),
      'a has no valid shape',
    ],
    ['an entry that is null', file('{"a":null}', 0), 'a is no tensor'],
    ['an entry that is a number', file('{"b":3}', 0), 'b is no tensor'],
    ['a name twice', file(`{"a":${entry(0, 4)},"a":${entry(0, 4)}}`, 4), 'the header names a twice'],
    [
      'a name twice, once escaped',
      file(`{"a":${entry(0, 4)},"\\u0061":${entry(0, 4)}}`, 4),
      'the header names a twice',
    ],
    [
      'metadata twice',
      file('{"__metadata__":{},"__metadata__":{}}', 0),
      'the header names __metadata__ twice',
    ],
    [
      'a key of the metadata twice',
      file('{"__metadata__":{"x":"1","x":"2"}}', 0),
      'the header names x twice',
    ],
    [
      'offsets twice',
      file('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"data_offsets":[0,4]}}', 4),
      'the header names data_offsets twice',
    ],
    ['metadata that is a list', file('{"__metadata__":[]}', 0), 'the metadata are not pairs of strings'],
    [
      'metadata that are no strings',
      file('{"__metadata__":{"x":1}}', 0),
      'the metadata are not pairs of strings',
    ],
  ];
  test.each(cases)('%s', (_, bytes, message) => {
    expect(() => readSafetensors(bytes)).toThrow(message);
  });

  test('names that only look alike are no duplicates', () => {
    const header = `{"a":${entry(0, 4)},"A":${entry(4, 8)},"dtype":${entry(8, 12)},"__metadata__":{"a":"a","b":"a\\":"}}`;
    expect(readSafetensors(file(utf8(header), 12)).tensors.map(({ name }) => name)).toEqual([
      'a',
      'A',
      'dtype',
    ]);
  });

  test('every cut of a file is refused', () => {
    const whole = writeSafetensors({
      tensors: [{ name: 'a', shape: [3], data: Float32Array.of(1, 2, 3) }],
      metadata: { x: 'y' },
    });
    for (let length = 0; length < whole.length; length++) {
      expect(() => readSafetensors(whole.subarray(0, length)), `${length} bytes`).toThrow();
    }
  });
});
