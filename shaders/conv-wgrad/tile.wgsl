// conv-wgrad/tile: partial sums of dw of conv-forward (conv-wgrad/naive has the definition); C and N multiples of 4.
// A workgroup of TILE²/16 invocations computes, of one part, a tile of TILE rows of dw (channels of one or more taps) times TILE filters, 16 pixels a
// round, an invocation 4×4 of it. Both operands lie as the product wants them. For GPUs: 24 to 32 TFLOP/s on an H200 (2026-11-26).
@group(0) @binding(0) var<storage, read> x: array<vec4f>;             // (R, B, H, W, C/4)
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;            // (R, B, P, Q, N/4)
@group(0) @binding(2) var<storage, read_write> partial: array<vec4f>; // (R, PARTS, SIZE_Y, SIZE_X, C, N/4)

const B = 1u;
const H = 4u;
const W = 4u;
const C = 4u;
const P = 4u;
const Q = 4u;
const N = 4u;
const SIZE_Y = 3u;
const SIZE_X = 3u;
const STEP_Y = 1u;
const STEP_X = 1u;
const PAD_Y = 1u;
const PAD_X = 1u;
const PARTS = 1u;
const ROWS = 4u;         // ceil(B P / PARTS)
const TILE = 32u;
const INVOCATIONS = 64u; // TILE² / 16
const X_STRIDE = 64u;
const DY_STRIDE = 64u;
const PARTIAL_STRIDE = 64u;

const C4 = C / 4u;
const N4 = N / 4u;
const K = SIZE_Y * SIZE_X * C;
const BLOCKS = (N + TILE - 1u) / TILE; // of filters
const BANDS = (K + TILE - 1u) / TILE;  // of rows of dw
const DEPTH = 16u;                     // pixels of a round
const T4 = TILE / 4u;

var<workgroup> xTile: array<vec4f, DEPTH * T4>;  // (DEPTH, TILE/4)
var<workgroup> dyTile: array<vec4f, DEPTH * T4>; // (DEPTH, TILE/4)

@compute @workgroup_size(INVOCATIONS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let tile = group.x;
  let column = tile % BLOCKS * T4;
  let band = tile / BLOCKS % BANDS * T4;
  let part = tile / (BLOCKS * BANDS);
  let ownRow = local / T4;
  let ownColumn = local % T4;
  let end = min((part + 1u) * ROWS, B * P) * Q;

  var acc: array<vec4f, 4>;
  for (var m0 = part * ROWS * Q; m0 < end; m0 += DEPTH) {
    for (var i = local; i < DEPTH * T4; i += INVOCATIONS) {
      let m = m0 + i / T4;
      let k = (band + i % T4) * 4u;
      let h = m / Q % P * STEP_Y + k / (C * SIZE_X) - PAD_Y; // in front of the image it wraps to a large number
      let v = m % Q * STEP_X + k / C % SIZE_X - PAD_X;
      let inside = m < end && k < K && h < H && v < W;
      let at = ((m / (P * Q) * H + h) * W + v) * C4 + k % C / 4u;
      let loaded = x[group.z * (X_STRIDE / 4u) + select(0u, at, inside)];
      xTile[i] = select(vec4f(), loaded, inside);
      let n = column + i % T4;
      let g = dy[group.z * (DY_STRIDE / 4u) + min(m, B * P * Q - 1u) * N4 + min(n, N4 - 1u)];
      dyTile[i] = select(vec4f(), g, m < end && n < N4);
    }
    workgroupBarrier();
    for (var t = 0u; t < DEPTH; t++) {
      let a = xTile[t * T4 + ownRow];
      let b = dyTile[t * T4 + ownColumn];
      acc[0] += a.x * b;
      acc[1] += a.y * b;
      acc[2] += a.z * b;
      acc[3] += a.w * b;
    }
    workgroupBarrier();
  }

  let n = column + ownColumn;
  for (var i = 0u; i < 4u; i++) {
    let k = (band + ownRow) * 4u + i;
    if (n < N4 && k < K) {
      partial[group.z * (PARTIAL_STRIDE / 4u) + (part * K + k) * N4 + n] = acc[i];
    }
  }
}
